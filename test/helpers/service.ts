import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'
import { asyncJobs } from '../../lib/index.js'
import type { AsyncJobsOptions, Job, JobDefinition } from '../../lib/index.js'

/** What an answer of the API is, for tests. */
export interface Answer<Body> {
  statusCode: number
  headers: Record<string, unknown>
  body: Body
}

/** A service with one job under `/jobs`, closed when the test ends. */
export async function startService<Definition extends JobDefinition> (
  t: Test, options: AsyncJobsOptions<Definition> & { prefix?: string }, host: FastifyServerOptions = {}
): Promise<TestService> {
  const app = Fastify(host)
  t.teardown(() => app.close())
  await app.register(asyncJobs, { prefix: '/jobs', ...options })
  await app.ready()
  return service(app, options.prefix ?? '/jobs')
}

export interface TestService {
  app: FastifyInstance
  submit (input: unknown, headers?: Record<string, string>): Promise<Answer<Job>>
  status (jobId: string): Promise<Answer<Job>>
  result <Output = unknown> (jobId: string): Promise<Answer<Output>>
  /** Asks until the job has the status; fails the test when it becomes final with another, or the answer is none. */
  until (jobId: string, status: Job['status']): Promise<Job>
}

export function service (app: FastifyInstance, prefix: string): TestService {
  const call = async <Body>(method: 'GET' | 'POST', path: string, payload?: unknown, headers?: Record<string, string>): Promise<Answer<Body>> => {
    const answer = await app.inject({
      method,
      url: prefix + path,
      ...(payload !== undefined && { payload: JSON.stringify(payload), headers: { 'content-type': 'application/json', ...headers } })
    })
    return { statusCode: answer.statusCode, headers: answer.headers, body: answer.body === '' ? undefined as Body : answer.json<Body>() }
  }
  const status = (jobId: string): Promise<Answer<Job>> => call('GET', `/status/${jobId}`)
  return {
    app,
    submit: (input, headers) => call('POST', '/', input, headers),
    status,
    result: jobId => call('GET', `/result/${jobId}`),
    async until (jobId, wanted) {
      const { statusCode, body } = await eventually(() => status(jobId), ({ statusCode, body }) => statusCode !== 200 || body.status === wanted || FINAL.includes(body.status))
      if (statusCode !== 200 || body.status !== wanted) throw new Error(`The job is ${body.status}: ${JSON.stringify(body)}`)
      return body
    }
  }
}

const FINAL = ['completed', 'failed', 'canceled']

/** Asks until the answer is the one that is waited for. The test's own time limit ends it. */
export async function eventually<Reply> (ask: () => Promise<Reply>, isIt: (reply: Reply) => boolean): Promise<Reply> {
  for (;;) {
    const reply = await ask()
    if (isIt(reply)) return reply
    // The embedded engine answers without leaving the event loop's turn, and timers need one.
    await setImmediate()
  }
}
