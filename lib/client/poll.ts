import type { Job } from '../../types/job.js'
import { isFinal, type Known } from './known.js'
import { sleep } from './sleep.js'

/** The job as it is known, then as each look finds it, until it is final. */
export async function * poll (known: Known, look: () => Promise<Job>, signal: AbortSignal): AsyncGenerator<Job, void, void> {
  // Not known.job all along: other calls on the same job change it meanwhile.
  let { job } = known
  for (;;) {
    if (job !== undefined) {
      yield job
      if (isFinal(job)) return
      await sleep(known.askAt - Date.now(), signal)
    }
    job = await look()
  }
}
