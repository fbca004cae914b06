import t from 'tap'
import {
  createJobsClient, isJobFailedError, isJobsClientError, isRequestFailedError,
  type ClientJob, type Job, type JobFailure, type JobsClient, type JobStatus
} from '../../lib/client/index.js'
import { defineJob, Type } from '../../lib/index.js'
import { job } from './faulty-server.js'

/* What compiles, and what must not. */

const analysis = defineJob({
  name: 'analysis',
  input: Type.Object({ text: Type.String(), title: Type.Optional(Type.String()) }),
  output: Type.Object({ sentiment: Type.Number(), words: Type.Array(Type.String()) })
})

/** Whether two types are the same, not only assignable to each other; `any` is the same as nothing else. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
function same<A, B> (..._proof: Same<A, B> extends true ? [] : [never]): void {}

const output = { sentiment: 0.7, words: ['good'] }
const jobs = createJobsClient<typeof analysis>(`https://api.example.com/api/v1/${analysis.name}`, {
  fetch: async (url, { method }) => Response.json(method === 'POST' || url.includes('/status/') ? job('completed') : output)
})

t.test('the output has the type of the definition', async t => {
  const result = await jobs.run({ text: 'hello' }, {
    onProgress (job) {
      same<typeof job, Job>()
      same<typeof job.status, JobStatus>()
    }
  })
  same<typeof result, { sentiment: number, words: string[] }>()
  t.same(result, output)

  const submitted = await jobs.submit({ text: 'hello', title: 'A greeting' }, { signal: undefined })
  same<typeof submitted, ClientJob<{ sentiment: number, words: string[] }>>()
  same<Awaited<ReturnType<typeof submitted.result>>, { sentiment: number, words: string[] }>()
  same<Awaited<ReturnType<typeof submitted.wait>>, { sentiment: number, words: string[] }>()
  same<Awaited<ReturnType<typeof submitted.status>>, Job>()
  t.same(await jobs.job(submitted.id).wait(), output)
})

t.test('guards narrow', async t => {
  const errors: unknown[] = [undefined]
  for (const error of errors) {
    if (isJobFailedError(error)) same<typeof error.failure, JobFailure>()
    if (isRequestFailedError(error)) same<typeof error.status, number>()
    if (isJobsClientError(error)) {
      same<typeof error.jobId, string | undefined>()
      same<typeof error.job, Job | undefined>()
      switch (error.code) {
        case 'JOB_FAILED': same<typeof error.failure, JobFailure>(); break
        case 'REQUEST_FAILED': same<typeof error.status, number>(); break
        // @ts-expect-error no error has this code
        case 'JOB_FAILD': break
      }
    }
    t.notOk(isJobsClientError(error))
  }
})

t.test('without a definition nothing is known of input and output', async t => {
  const untyped = createJobsClient('https://api.example.com/api/v1/analysis', { fetch: async () => Response.json(job('completed')) })
  same<Parameters<typeof untyped.run>[0], unknown>()
  same<Awaited<ReturnType<typeof untyped.run>>, unknown>()
  t.type(untyped.job('x').id, 'string')
})

/** Never called. */
export async function misuse (jobs: JobsClient<typeof analysis>): Promise<void> {
  // @ts-expect-error what `same` is good for
  same<unknown, string>()
  // @ts-expect-error no input
  await jobs.run()
  // @ts-expect-error the input lacks a property
  await jobs.run({})
  // @ts-expect-error one is of another type
  await jobs.run({ text: 1 })
  // @ts-expect-error one is unknown
  await jobs.run({ text: 'hello', txet: 'hello' })
  // @ts-expect-error the same for submit
  await jobs.submit({ text: 1 })
  // @ts-expect-error submit does not wait
  await jobs.submit({ text: 'hello' }, { timeout: 1 })
  // @ts-expect-error an option is unknown
  await jobs.run({ text: 'hello' }, { onprogress () {} })
  // @ts-expect-error the output has no such property
  await jobs.run({ text: 'hello' }).then(({ mood }) => mood)
  // @ts-expect-error an id is a string
  jobs.job(1)
  // @ts-expect-error an option is unknown
  createJobsClient<typeof analysis>('/api', { header: {} })
  // @ts-expect-error a header is a string
  createJobsClient<typeof analysis>('/api', { headers: { 'x-number': 1 } })
}
