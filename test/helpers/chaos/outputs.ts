import type { JobOutput } from '../../../types/job.js'
import { chunkOf } from '../../fixtures/cluster/job.js'
import { faultsOf } from '../history.js'
import type { History } from '../watchers.js'
import type { Entry } from './ledger.js'
import type { Transport } from './plan.js'

/** What is wrong with what a watcher was told of a job whose workers may have died. */
export function faultsOfWatcher (history: History, { jobId, script }: Pick<Entry, 'jobId' | 'script'>, transport: Transport): string[] {
  let run = 0
  let number = 0
  /** Each run writes its chunks from the first one on, and no run writes after a later one. */
  const next = (_index: number, told: JobOutput): { run: number, data: string } => {
    if (told.run > run) number = 0
    run = Math.max(run, told.run)
    const attempt = Number(String(told.data).split(' ')[1])
    return { run, data: chunkOf(jobId, attempt, number++, script.size) }
  }
  const faults = faultsOf(history, jobId, next, true)
  const last = history.at(-1)
  const whole = last?.type === 'job' && last.job.status === 'completed' && TELLS_OUTPUT[transport]
  if (whole && number !== script.chunks) faults.push(`${jobId}: the last run wrote ${number} chunks of ${script.chunks}`)
  return faults
}

const TELLS_OUTPUT: Record<Transport, boolean> = { sse: true, websocket: true, client: true, 'long-poll': false, 'submit-and-wait': false }
