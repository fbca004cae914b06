import type { Processor } from '../../../types/processor.js'
import { readPlain } from '../../base/thrown.js'
import type { OutputLimits } from '../output-limit.js'
import { returnedText } from '../returned.js'
import type { RunOrder } from './messages.js'
import { createOutbox } from './outbox.js'
import type { Post } from './post.js'
import { createStop } from './stop.js'

/** One run of a processor, inside its sandbox. */
export interface Performance {
  /** Resolves with the message that ends the run, after everything that the run reported is out. */
  readonly ending: Promise<string>
  abort (reason: Error): void
}

export function perform (processor: Processor<never>, { input, jobId, attempt, maxAttempts }: RunOrder, limits: OutputLimits, post: Post): Performance {
  const outbox = createOutbox(post, limits)
  const stop = createStop(() => { outbox.stop() })
  const { log, progress, write } = outbox
  // The worker has checked the input.
  const run = async (): Promise<unknown> => await processor(input as never, {
    jobId, attempt, maxAttempts, log, progress, write, get signal () { return stop.signal }
  })
  let over = false
  const end = async (): Promise<string> => {
    const ending = await endingOf(run)
    over = true
    await outbox.close()
    return ending
  }
  return { ending: end(), abort (reason) { if (over) outbox.stop(); else stop.abort(reason) } }
}

async function endingOf (run: () => Promise<unknown>): Promise<string> {
  try {
    return `{"type":"completed","output":${returnedText(await run())}}`
  } catch (thrown) {
    return JSON.stringify({ type: 'failed', failure: readPlain(thrown) })
  }
}
