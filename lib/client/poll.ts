import type { Job, JobEvent } from '../../types/job.js'
import type { JobsClientError } from './errors.js'
import { isFinal, learn, LEAST, viewOf } from './known.js'
import type { Exchange, Http } from './request.js'
import { sleep } from './sleep.js'
import type { Position } from './sse.js'

/** What stands for a position of which no event is known: the start. */
export const START = '0.'

/** How long one long poll asks the server to wait, in seconds: less than most proxies allow. */
const WAIT = 20

/**
 * The job as each look finds it, until it is final. Before each passes the time that the server asked for.
 * @param look what asks for the status
 * @param wait whether the server is to wait for the next change. It has to know what was seen last: the first look
 * asks for the `ETag` of that. Where none gets through, the server answers when the job is final.
 */
export async function * followByPolling (http: Http, look: Exchange & { timeout: number }, wait: boolean, position: Position): AsyncGenerator<JobEvent, void, void> {
  const { known, url, signal, timeout } = look
  let etag: string | null = null
  // The server is to wait, not the client.
  if (wait) known.askAt = 0
  for (let seen: string | undefined; ;) {
    await sleep(known.askAt - Date.now(), signal)
    const asked = Date.now()
    const waits = wait && seen !== undefined
    let job: Job
    try {
      const answer = await http.request({ ...look, ...(waits && { url: `${url}?wait=${WAIT}`, timeout: timeout + WAIT * 1_000, headers: etag === null ? {} : { 'if-none-match': etag } }) })
      job = learn(known, answer)
      etag = answer.etag
    } catch (error) {
      const { status } = error as JobsClientError
      if (status !== 304) throw error
      // It is as it was.
      job = learn(known, { status, body: known.job })
    }
    const view = viewOf(job)
    const changed = view !== seen
    seen = view
    // What the server waited is time that has passed. One that told a change at once can be asked for the next.
    if (wait) known.askAt = !waits ? 0 : changed && etag !== null ? asked + LEAST : known.askAt - Date.now() + asked
    if (changed) yield { type: 'job', id: position.id ?? START, job }
    if (isFinal(job)) break
  }
}
