import type { Job, JobEvent } from '../../types/job.js'
import type { JobsClientError } from './errors.js'
import { isFinal, learn, LEAST, viewOf } from './known.js'
import type { Exchange, Http } from './request.js'
import { sleep } from './sleep.js'
import type { Position } from './sse.js'

/** The id of events before the client knows the id of one. To the server it means the start. */
export const START = '0.'

/** How long a long poll asks the server to wait, in seconds. It is less than most proxies allow. */
const WAIT = 20

/**
 * Yields the job at first and after each change, until it is final. Waits before each request as long as the server
 * asks.
 * @param look the request for the status
 * @param wait whether the server waits for the next change. The first request does not wait, but gets the `ETag` of the
 * job's state. Later requests send it, so that the server answers when that state changes. If no `ETag` gets through,
 * the server answers only when the job is final
 */
export async function * followByPolling (http: Http, look: Exchange & { timeout: number }, wait: boolean, position: Position): AsyncGenerator<JobEvent, void, void> {
  const { known, url, signal, timeout } = look
  let etag: string | null = null
  // With a long poll, the server waits, not the client.
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
      // Another error than the client's own has no status.
      const { status } = error as JobsClientError
      if (status !== 304) throw error
      // 304: the job has not changed.
      job = learn(known, { status, body: known.job })
    }
    const view = viewOf(job)
    const changed = view !== seen
    seen = view
    // For a long poll, count the time until the next request from the beginning of this one, because the server has
    // waited meanwhile. After a change, ask again soon: the server waits for the next one. After the first request, ask
    // at once.
    if (wait) known.askAt = !waits ? 0 : changed && etag !== null ? asked + LEAST : known.askAt - Date.now() + asked
    if (changed) yield { type: 'job', id: position.id ?? START, job }
    if (isFinal(job)) break
  }
}
