import type { ClientJob, EventsOptions, JobsClient, JobsClientOptions, RunOptions, WaitOptions } from '../../types/client.js'
import type { InputOf, JobDefinition, OutputOf } from '../../types/definition.js'
import type { Job } from '../../types/job.js'
import { JobCanceledError, JobFailedError, WaitTimeoutError } from './errors.js'
import { createFollower } from './follow.js'
import { randomKey } from './key.js'
import { learn, type Known } from './known.js'
import { viewOf } from './poll.js'
import { createHttp } from './request.js'
import { watchJobs } from './watch.js'
import { within, type Limits } from './within.js'

/** A signal for a call that brings none: one for all of them would gather their listeners, of which Node warns. */
function never (): AbortSignal {
  return new AbortController().signal
}

/**
 * A client of the job API at an address, for browsers and Node. Its types come from the definition:
 * `createJobsClient<typeof analysis>('https://api.example.com/api/v1/analysis')`.
 * @param baseUrl where inputs are posted to, with a slash at its end or without, and without a query; in browsers also relative
 */
export function createJobsClient<Definition extends JobDefinition> (baseUrl: string, options: JobsClientOptions = {}): JobsClient<Definition> {
  const http = createHttp(options)
  const { statusTimeout: timeout = 30_000 } = options.retry ?? {}

  // Not the job's own links: these are paths as the server sees them, and between it and this
  // client may be a proxy that maps them. The address that the client was given is one that works.
  const root = baseUrl.replace(/\/+$/, '')
  const urlOf = (route: string, { jobId }: Known): string => `${root}/${route}/${encodeURIComponent(jobId as string)}`
  const follower = createFollower(http, urlOf, options)

  const submit = async (input: InputOf<Definition>, known: Known, signal: AbortSignal): Promise<Job> => {
    // One key however often it is sent: the job is stored once.
    const headers = { 'idempotency-key': randomKey() }
    return learn(known, await http.request({ method: 'POST', url: baseUrl, body: JSON.stringify(input), headers, known, signal }))
  }

  const ask = (method: 'GET' | 'POST', route: string) => async (known: Known, signal: AbortSignal): Promise<Job> =>
    learn(known, await http.request({ method, url: urlOf(route, known), known, signal, timeout }))
  const status = ask('GET', 'status')
  const cancel = ask('POST', 'cancel')

  const result = async (known: Known, signal: AbortSignal): Promise<OutputOf<Definition>> => {
    const { body } = await http.request({ method: 'GET', url: urlOf('result', known), known, signal })
    return body as OutputOf<Definition>
  }

  const wait = async (known: Known, { onProgress, onOutput, onTransport }: WaitOptions, signal: AbortSignal): Promise<OutputOf<Definition>> => {
    let shown: string | undefined
    const show = async (job: Job): Promise<void> => {
      const view = viewOf(job)
      if (view !== shown) await onProgress?.(job)
      shown = view
    }
    if (known.job !== undefined) await show(known.job)
    for await (const event of follower.follow(known, { after: undefined, signal, onTransport, withOutput: onOutput !== undefined })) {
      signal.throwIfAborted()
      if (event.type === 'output') {
        await onOutput?.(event)
        continue
      }
      const { job } = event
      await show(job)
      if (job.status === 'failed') throw new JobFailedError(job.error ?? { code: 'JOB_FAILED', message: 'The job failed.' }, { ...known, job })
      if (job.status === 'canceled') throw new JobCanceledError('The job was canceled.', { ...known, job })
    }
    return result(known, signal)
  }

  const handle = (id: string, known: Known): ClientJob<OutputOf<Definition>> => {
    const events = ({ after, signal = never(), onTransport }: EventsOptions = {}): ReturnType<ClientJob<unknown>['events']> =>
      follower.follow(known, { after, signal, onTransport, withOutput: true })
    return {
      id,
      status: ({ signal } = {}) => within({ signal }, signal => status(known, signal)),
      result: ({ signal } = {}) => within({ signal }, signal => result(known, signal)),
      wait: (options = {}) => within(limits(options, known), signal => wait(known, options, signal)),
      cancel: ({ signal } = {}) => within({ signal }, signal => cancel(known, signal)),
      events,
      [Symbol.asyncIterator]: () => events()
    }
  }

  return {
    async run (input, options: RunOptions = {}) {
      const known: Known = { askAt: 0 }
      const { signal, cancelOnAbort = true } = options
      signal?.throwIfAborted()
      const submission = new AbortController()
      const submitted = submit(input, known, submission.signal)
      try {
        return await within(limits(options, known), async signal => {
          await submitted
          return await wait(known, options, signal)
        })
      } catch (error) {
        // What is to be canceled has to be known: a submission under way is finished, and nobody waits for that.
        const end = (): void => { submission.abort() }
        if (signal?.aborted && cancelOnAbort) within({ timeout }, () => submitted.then(() => cancel(known, submission.signal))).then(end, end)
        else end()
        throw error
      }
    },

    async submit (input, { signal } = {}) {
      const known: Known = { askAt: 0 }
      const { jobId } = await within({ signal }, signal => submit(input, known, signal))
      return handle(jobId, known)
    },

    job: id => handle(id, { jobId: id, askAt: 0 }),

    watch: (ids, watching = {}) => watchJobs({ http, follower, socketUrl: socketUrlOf(root, options) }, ids, watching, watching.signal ?? never())
  }
}

/** Undefined where there is no WebSocket (Node before 22), or it could not carry what requests do. */
function socketUrlOf (root: string, { headers, fetch }: JobsClientOptions): string | undefined {
  const { WebSocket: available, location } = globalThis as { WebSocket?: unknown, location?: { href: string } }
  if (!available || headers || fetch) return undefined
  return `${new URL(root, location?.href).href.replace(/^http/, 'ws')}/socket`
}

function limits ({ signal, timeout }: WaitOptions, known: Known): Limits {
  const timedOut = (): Error => new WaitTimeoutError(known.jobId === undefined
    ? `The submission was not answered within ${timeout} ms: it may be stored or not`
    : `The job is not final after ${timeout} ms: job('${known.jobId}').wait() waits on`, known)
  return { signal, timeout, timedOut }
}
