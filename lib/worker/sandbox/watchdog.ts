import { workerData } from 'node:worker_threads'
import type { Watch } from './orphan.js'

/*
 * The program of a thread that ends its process when the parent of that is gone, even if the event loop of the process
 * is blocked.
 */

const { parent, victim, interval, grace } = workerData as Watch

const timer = setInterval(() => {
  // A process that loses its parent gets another one.
  if (process.ppid !== parent) {
    clearInterval(timer)
    setTimeout(() => { process.kill(victim, 'SIGKILL') }, grace)
  }
}, interval)
