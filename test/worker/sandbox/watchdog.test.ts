import t, { type Test } from 'tap'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Watch } from '../../../lib/worker/sandbox/orphan.js'

const WATCHDOG = new URL('../../../lib/worker/sandbox/watchdog.js', import.meta.url)

/** A process that goes on for as long as the test. */
function startVictim (t: Test): ChildProcess {
  const victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  t.teardown(() => { victim.kill('SIGKILL') })
  return victim
}

function startWatchdog (victim: ChildProcess, parent: number): Worker {
  return new Worker(WATCHDOG, { workerData: { parent, victim: victim.pid as number, interval: 10, grace: 50 } satisfies Watch })
}

t.test('ends a process whose parent is gone', async t => {
  const victim = startVictim(t)
  const watchdog = startWatchdog(victim, 0)
  const ends = await Promise.all([once(victim, 'exit'), once(watchdog, 'exit')])
  t.strictSame(ends, [[null, 'SIGKILL'], [0]], 'and then itself')
})

t.test('lets a process be whose parent is there', async t => {
  const victim = startVictim(t)
  const watchdog = startWatchdog(victim, process.ppid)
  await once(watchdog, 'online')
  // There is no event that says that nothing happens: some hundred looks later it has had its time.
  await new Promise(resolve => { setTimeout(resolve, 500) })
  t.equal(victim.exitCode ?? victim.signalCode, null)
  await watchdog.terminate()
})
