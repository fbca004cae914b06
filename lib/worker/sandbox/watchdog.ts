import { workerData } from 'node:worker_threads'
import type { Watch } from './orphan.js'

/* The program of a thread that ends a process whose parent is gone, also where that process never comes to anything else. */

const { parent, victim, interval, grace } = workerData as Watch

const timer = setInterval(() => {
  // Whoever loses its parent gets another one.
  if (process.ppid !== parent) {
    clearInterval(timer)
    setTimeout(() => { process.kill(victim, 'SIGKILL') }, grace)
  }
}, interval)
