import t from 'tap'
import { defineJob } from '../../lib/definition/define-job.js'
import { Type } from '../../lib/index.js'

const input = Type.Object({ text: Type.String() })
const output = Type.Object({ length: Type.Number() })

t.test('completes what it is given', async t => {
  t.strictSame(defineJob({ name: 'analysis', input, output }), {
    name: 'analysis',
    input,
    output,
    attempts: 3,
    backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
    timeout: 600_000,
    retention: { completed: 86_400, failed: 604_800 },
    maxOutputChunks: 10_000,
    maxOutputBytes: 1_048_576
  })
  t.strictSame(defineJob({
    name: 'analysis', description: 'Finds feelings.', input, output, attempts: 1, backoff: { type: 'fixed', delay: 5 }, timeout: 1, retention: { completed: 60 }
  }), {
    name: 'analysis',
    description: 'Finds feelings.',
    input,
    output,
    attempts: 1,
    backoff: { type: 'fixed', delay: 5, jitter: 0 },
    timeout: 1,
    retention: { completed: 60, failed: 604_800 },
    maxOutputChunks: 10_000,
    maxOutputBytes: 1_048_576
  })
})

t.test('keeps the schemas as they are', async t => {
  const job = defineJob({ name: 'analysis', input, output })
  t.equal(job.input, input)
  t.equal(job.output, output)
  t.notOk(Object.isFrozen(input), 'they are the caller\'s')
})

t.test('cannot be changed', async t => {
  const job = defineJob({ name: 'analysis', input, output })
  for (const part of [job, job.backoff, job.retention]) t.ok(Object.isFrozen(part))
})

t.test('leaves alone what it is given', async t => {
  const options = Object.freeze({ name: 'analysis', input, output, backoff: Object.freeze({ type: 'fixed', delay: 5 } as const), retention: Object.freeze({ failed: 5 }) })
  const job = defineJob(options)
  t.strictSame(options, { name: 'analysis', input, output, backoff: { type: 'fixed', delay: 5 }, retention: { failed: 5 } })
  t.not(job.backoff, options.backoff)
})

t.test('refuses what breaks a rule', async t => {
  t.throws(() => defineJob({ name: 'a:b', input, output }), {
    code: 'OPTION_INVALID',
    message: 'fastify-async-jobs: defineJob.name must begin with a letter and have at most 128 letters, digits, dots, dashes and underscores; given: \'a:b\''
  })
})
