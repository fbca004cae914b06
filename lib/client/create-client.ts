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
 * A client of the job API at an address, for browsers and Node. Its types come from the definition:
 * `createJobsClient<typeof analysis>('https://api.example.com/api/v1/analysis')`.
 * @param baseUrl where inputs are posted to, with a slash at its end or without, and without a query; in browsers also relative
 * @throws `OptionInvalidError`
 */
export function createJobsClient<Definition extends JobDefinition> (baseUrl: string, options: JobsClientOptions = {}): JobsClient<Definition> {
  const settings = resolve(options)
  const http = createHttp(settings)
  const { statusTimeout: timeout } = settings

  // Not the job's own links: these are paths as the server sees them, and between it and this
  // client may be a proxy that maps them. The address that the client was given is one that works.
  const root = baseUrl.replace(/\/+$/, '')
  const about: About = (route, known, signal) => {
    const id = String(known.jobId)
    // A path would lose dots, and halves of surrogate pairs cannot be encoded.
    if (/^\.{0,2}$|[\ud800-\udfff]/u.test(id)) throw new JobNotFoundError(`"${id}" is no id`, known)
    return { method: 'GET', url: `${root}/${route}/${encodeURIComponent(id)}`, known, signal, timeout }
  }
  const follow = createFollower(http, about, settings)

  const submit = async (input: InputOf<Definition>, known: Known, signal: AbortSignal): Promise<Job> => {
    // One key however often it is sent: the job is stored once.
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomKey() }
    return learn(known, await http.request({ method: 'POST', url: baseUrl, body: JSON.stringify(input), headers, known, signal }))
  }
  const status = async (known: Known, signal: AbortSignal): Promise<Job> => learn(known, await http.request(about('status', known, signal)))
  const cancel = async (known: Known, signal: AbortSignal): Promise<Job> => learn(known, await http.request({ ...about('cancel', known, signal), method: 'POST' }))
  const result = async (known: Known, signal: AbortSignal): Promise<OutputOf<Definition>> => {
    // It may be large: as long as it takes.
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

  /** Some work as a call with options: it ends with its caller's signal, and in time. */
  const call = async <Options extends WaitOptions, Value>(known: Known, given: Options | undefined, work: (known: Known, signal: AbortSignal, options: Partial<Options>) => Promise<Value>): Promise<Value> => {
    const options = checked(given)
    const { signal, timeout } = options
    return within(signal, signal => work(known, signal, options), timeout, () => new WaitTimeoutError(`${timeout} ms are over: ${known.jobId === undefined ? 'the job may be stored or not' : `job('${known.jobId}').wait() waits on`}`, known))
  }

  const handle = (known: Known): ClientJob<OutputOf<Definition>> => {
    const events = (options?: EventsOptions): ReturnType<ClientJob<unknown>['events']> => {
      // A signal of its own where there is none: one for all of them would gather their listeners, of which Node warns.
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
        // What is to be canceled has to be known: a submission under way is finished, and nobody waits for that.
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

/** Undefined where there is no WebSocket (Node before 22), or it could not carry what requests do. */
function socketUrlOf (root: string, { headers, fetch }: JobsClientOptions): string | undefined {
  const { WebSocket: available, location } = globalThis as { WebSocket?: unknown, location?: { href: string } }
  if (!available || headers || fetch) return undefined
  return `${new URL(root, location?.href).href.replace(/^http/, 'ws')}/socket`
}
