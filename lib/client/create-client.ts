import type { ClientJob, EventsOptions, JobsClient, JobsClientOptions, RunOptions, WaitOptions } from '../../types/client.js'
import type { InputOf, JobDefinition, OutputOf } from '../../types/definition.js'
import type { Job } from '../../types/job.js'
import { JobCanceledError, JobFailedError, JobNotFoundError, WaitTimeoutError } from './errors.js'
import { createFollower } from './follow.js'
import { randomKey } from './key.js'
import { learn, viewOf, type Known } from './known.js'
import { checked, resolve } from './options.js'
import { createHttp, type About } from './request.js'
import { watchJobs } from './watch.js'
import { within } from './within.js'

/**
 * Creates a client of one job API, for browsers and Node. Its types come from the definition:
 * `createJobsClient<typeof analysis>('https://api.example.com/api/v1/analysis')`.
 * @param baseUrl the URL to which inputs are posted, without a query. It may end with a slash. In browsers it may be
 * relative
 * @throws `OptionInvalidError`
 */
export function createJobsClient<Definition extends JobDefinition> (baseUrl: string, options: JobsClientOptions = {}): JobsClient<Definition> {
  const settings = resolve(options)
  const http = createHttp(settings)
  const { statusTimeout: timeout } = settings

  // Build all URLs from the base URL, which works from here. The job's own links are paths as the server sees them. A
  // proxy between client and server may map them to others.
  const root = baseUrl.replace(/\/+$/, '')
  const about: About = (route, known, signal) => {
    const id = String(known.jobId)
    // A URL would drop a path segment of dots, and halves of surrogate pairs cannot be encoded.
    if (/^\.{0,2}$|[\ud800-\udfff]/u.test(id)) throw new JobNotFoundError(`"${id}" is no id`, known)
    return { method: 'GET', url: `${root}/${route}/${encodeURIComponent(id)}`, known, signal, timeout }
  }
  const follow = createFollower(http, about, settings)

  const submit = async (input: InputOf<Definition>, known: Known, signal: AbortSignal): Promise<Job> => {
    // All repetitions have the same key, so the server stores the job once.
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomKey() }
    return learn(known, await http.request({ method: 'POST', url: baseUrl, body: JSON.stringify(input), headers, known, signal }))
  }
  const status = async (known: Known, signal: AbortSignal): Promise<Job> => learn(known, await http.request(about('status', known, signal)))
  const cancel = async (known: Known, signal: AbortSignal): Promise<Job> => learn(known, await http.request({ ...about('cancel', known, signal), method: 'POST' }))
  const result = async (known: Known, signal: AbortSignal): Promise<OutputOf<Definition>> => {
    // The output may be large. So this request has no time limit.
    const { timeout, ...exchange } = about('result', known, signal)
    return (await http.request(exchange)).body as OutputOf<Definition>
  }

  const wait = async (known: Known, signal: AbortSignal, { onProgress, onOutput, onTransport }: WaitOptions): Promise<OutputOf<Definition>> => {
    let shown: string | undefined
    const show = async (job: Job): Promise<void> => {
      const view = viewOf(job)
      if (view !== shown) await onProgress?.(job)
      shown = view
    }
    if (known.job !== undefined) await show(known.job)
    for await (const event of follow(known, signal, onTransport, onOutput !== undefined)) {
      signal.throwIfAborted()
      if (event.type === 'output') await onOutput?.(event)
      else {
        const { job } = event
        await show(job)
        if (job.status === 'failed') throw new JobFailedError(job.error, known)
        if (job.status === 'canceled') throw new JobCanceledError('The job was canceled.', known)
      }
    }
    return result(known, signal)
  }

  /** Runs the work of a call under the call's options: ends it when its signal aborts, or when its timeout is over. */
  const call = async <Options extends WaitOptions, Value>(known: Known, given: Options | undefined, work: (known: Known, signal: AbortSignal, options: Partial<Options>) => Promise<Value>): Promise<Value> => {
    const options = checked(given)
    const { signal, timeout } = options
    return within(signal, signal => work(known, signal, options), timeout, () => new WaitTimeoutError(`${timeout} ms are over: ${known.jobId === undefined ? 'the job may be stored or not' : `job('${known.jobId}').wait() waits on`}`, known))
  }

  const handle = (known: Known): ClientJob<OutputOf<Definition>> => {
    const events = (options?: EventsOptions): ReturnType<ClientJob<unknown>['events']> => {
      // Without a signal, each call gets one of its own. A shared one would gather the listeners of all calls, and Node
      // would warn of a leak.
      const { after, signal = new AbortController().signal, onTransport } = checked(options)
      return follow(known, signal, onTransport, true, after)
    }
    return {
      id: known.jobId as string,
      status: options => call(known, options, status),
      result: options => call(known, options, result),
      wait: options => call(known, options, wait),
      cancel: options => call(known, options, cancel),
      events,
      [Symbol.asyncIterator]: events
    }
  }

  return {
    async run (input, options: RunOptions = {}) {
      const known: Known = { askAt: 0 }
      const submission = new AbortController()
      let submitted: Promise<Job> | undefined
      try {
        return await call(known, options, async (known, signal, options) => {
          await (submitted = submit(input, known, submission.signal))
          return wait(known, signal, options)
        })
      } catch (error) {
        // The client can cancel the job only when it knows the id. So a submission under way goes on in the background,
        // and the cancel follows. The caller waits for neither.
        const end = (): void => { submission.abort() }
        const { signal, cancelOnAbort = true } = options
        if (submitted && signal?.aborted && cancelOnAbort) within(undefined, () => submitted!.then(() => cancel(known, submission.signal)), timeout).then(end, end)
        else end()
        throw error
      }
    },

    async submit (input, options) {
      const known: Known = { askAt: 0 }
      await call(known, options, (known, signal) => submit(input, known, signal))
      return handle(known)
    },

    job: id => handle({ jobId: id, askAt: 0 }),

    watch (ids, watching) {
      const { signal = new AbortController().signal, onTransport } = checked(watching)
      return watchJobs(http, follow, socketUrlOf(root, options), ids, onTransport, signal)
    }
  }
}

/**
 * The URL of the route of WebSockets. Returns undefined if the platform has no WebSocket (Node before 22), or if the
 * options need requests: a WebSocket carries no headers, and does not use a `fetch` of the caller's.
 */
function socketUrlOf (root: string, { headers, fetch }: JobsClientOptions): string | undefined {
  const { WebSocket: available, location } = globalThis as { WebSocket?: unknown, location?: { href: string } }
  if (!available || headers || fetch) return undefined
  return `${new URL(root, location?.href).href.replace(/^http/, 'ws')}/socket`
}
