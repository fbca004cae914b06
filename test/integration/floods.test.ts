import t from 'tap'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { defineJob, Type } from '../../lib/index.js'
import type { Flood } from '../fixtures/flooding-processor.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { fixture } from '../helpers/sandbox.js'
import { startService } from '../helpers/service.js'

/* Sandboxed processors that tell more than anybody can take: the service must not notice. */

/** How long the event loop of the service may stand still, in ms. */
const LONGEST = 100

/** How often it is tried at most: on a busy machine, a process may have to wait for its turn, or a sandbox begin too late. What is wrong by itself is so each time. */
const TRIES = 10

const REFUSED = /^A chunk of partial output was refused/
const DROPPED = /lines were dropped$/

interface Case extends Flood {
  /** How the job ends. */
  ends: 'completed' | 'failed'
  /** How many lines of the job's are logged at most. */
  lines: number
  /** A line that is among them once. */
  tells?: RegExp
}

const CASES: Case[] = [
  { with: 'write', times: 100_000, ends: 'completed', lines: 1, tells: REFUSED },
  { with: 'progress', times: 100_000, ends: 'completed', lines: 0 },
  { with: 'log', times: 100_000, ends: 'completed', lines: 11_000, tells: DROPPED },
  { with: 'write', times: 0, ends: 'failed', lines: 2, tells: REFUSED },
  { with: 'progress', times: 0, ends: 'failed', lines: 1 },
  { with: 'log', times: 0, ends: 'failed', lines: 1_001 }
]

for (const sandbox of ['thread', 'process'] as const) {
  t.test(`a ${sandbox}`, async t => {
    const job = defineJob({ name: uniqueName(), input: Type.Object({ with: Type.String(), times: Type.Integer() }), output: Type.String(), attempts: 1, timeout: 2_000 })
    const log = logLines()
    const { submit, until } = await startService(t,
      { job, connection: redisUrl(), processor: fixture('flooding-processor.js'), worker: { sandbox } },
      { logger: { level: 'info', stream: log } })

    for (const { with: what, times, ends, lines, tells } of CASES) {
      await t.test(`${what} ${times === 0 ? 'for ever' : `${times} times`}`, async t => {
        let longest = Infinity
        let isTold = false
        for (let tries = 0; tries < TRIES && (longest > LONGEST || !isTold); tries++) {
          const delays = monitorEventLoopDelay({ resolution: 5 })
          const { body: { jobId } } = await submit({ with: what, times })
          delays.enable()
          const begun = performance.now()
          await until(jobId, ends)
          const took = performance.now() - begun
          delays.disable()
          longest = delays.max / 1e6
          t.ok(took < 5_000, `the attempt ended after ${took.toFixed(0)} ms`)
          const told = log.lines().filter(line => line['jobId'] === jobId)
          t.ok(told.length <= lines, `${told.length} lines`)
          isTold = tells === undefined || told.filter(({ msg }) => tells.test(String(msg))).length === 1
        }
        t.ok(isTold, 'one line tells of what was left out')
        t.ok(longest < LONGEST, `the loop stood still for ${longest.toFixed(0)} ms at most`)
      })
    }
  })
}
