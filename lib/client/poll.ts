import type { Job, JobEvent } from '../../types/job.js'
import { isFinal, type Known } from './known.js'
import { sleep } from './sleep.js'
import type { Position } from './sse.js'

/** What stands for a position of which no event is known: the start. */
export const START = '0.'

/** The job as each look finds it, until it is final. Before each passes the time that the server asked for. */
export async function * followByPolling (known: Known, position: Position, look: () => Promise<Job>, signal: AbortSignal): AsyncGenerator<JobEvent, void, void> {
  for (let shown: string | undefined; ;) {
    await sleep(known.askAt - Date.now(), signal)
    const job = await look()
    const view = viewOf(job)
    if (view !== shown) yield { type: 'job', id: position.id ?? START, job }
    shown = view
    if (isFinal(job)) break
  }
}

/** What differs where a job has changed. When to ask again is no change. */
export function viewOf (job: Job): string {
  return JSON.stringify({ ...job, pollAfterMs: undefined })
}
