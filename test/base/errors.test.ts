import t from 'tap'
import * as registry from '../../lib/base/errors.js'

const { AsyncJobsError, JobError, withDetails } = registry

type Thrown = Error & { code: string, statusCode?: number }

/** Every error, made from what it takes, and what it says then. */
const errors: Array<[name: string, error: Thrown, code: string, status: number, message: string]> = [
  ['JobNotFoundError', new registry.JobNotFoundError(), 'JOB_NOT_FOUND', 404, 'There is no such job, or it is not yours.'],
  ['JobExpiredError', new registry.JobExpiredError('2026-01-01T00:00:00.000Z'), 'JOB_EXPIRED', 410, 'The job and its result were kept until 2026-01-01T00:00:00.000Z. Submit it again.'],
  ['JobNotFinishedError', new registry.JobNotFinishedError('pending'), 'JOB_NOT_FINISHED', 409, 'The job is not finished, its status is pending. Ask again after the time that Retry-After tells.'],
  ['JobFailedError', new registry.JobFailedError('100 %s of it failed'), 'JOB_FAILED', 409, '100 %s of it failed'],
  ['JobCanceledError', new registry.JobCanceledError(), 'JOB_CANCELED', 409, 'The job was canceled.'],
  ['JobAlreadyFinishedError', new registry.JobAlreadyFinishedError('completed'), 'JOB_ALREADY_FINISHED', 409, 'The job cannot be canceled, it is completed.'],
  ['IdempotencyKeyInvalidError', new registry.IdempotencyKeyInvalidError(), 'IDEMPOTENCY_KEY_INVALID', 400, 'An Idempotency-Key has 1 to 255 visible ASCII characters, as they are or in double quotes.'],
  ['IdempotencyKeyReusedError', new registry.IdempotencyKeyReusedError(), 'IDEMPOTENCY_KEY_REUSED', 422, 'This Idempotency-Key came with another input before. Take a new key for each submission.'],
  ['OriginNotAllowedError', new registry.OriginNotAllowedError(), 'ORIGIN_NOT_ALLOWED', 403, 'Pages of this origin may not open a WebSocket here.'],
  ['TooManyConnectionsError', new registry.TooManyConnectionsError('1000'), 'TOO_MANY_CONNECTIONS', 429, 'You have 1000 event streams, WebSockets and waiting requests open, and may have no more. Close some, or watch many jobs over one WebSocket.'],
  ['QueueFullError', new registry.QueueFullError(), 'QUEUE_FULL', 503, 'Too many jobs are waiting. Submit it again after the time that Retry-After tells.'],
  ['UpgradeRequiredError', new registry.UpgradeRequiredError(), 'UPGRADE_REQUIRED', 426, 'Connect with a WebSocket client.'],
  ['ServiceClosingError', new registry.ServiceClosingError(), 'SERVICE_CLOSING', 503, 'The service is closing. Ask again: another instance, or this one when it is back.'],
  ['OutputInvalidError', new registry.OutputInvalidError(), 'OUTPUT_INVALID', 500, 'The output of the job does not have the promised form.'],
  ['JobUnreadableError', new registry.JobUnreadableError(), 'JOB_UNREADABLE', 500, 'The job cannot be shown: what is stored of it is damaged.'],
  ['InternalError', new registry.InternalError(), 'INTERNAL_ERROR', 500, 'Something went wrong. Try again later.'],
  ['InputInvalidError', new registry.InputInvalidError('/text must be string'), 'INPUT_INVALID', 400, 'The input is not valid: /text must be string'],
  ['StoreUnavailableError', new registry.StoreUnavailableError(), 'STORE_UNAVAILABLE', 503, 'The job store cannot be reached. Try again shortly.'],
  ['OptionInvalidError', new registry.OptionInvalidError('options.routes', 'must be boolean', '5'), 'OPTION_INVALID', 500, 'fastify-async-jobs: options.routes must be boolean; given: 5'],
  ['PeerMissingError', new registry.PeerMissingError('ioredis', 'ioredis'), 'PEER_MISSING', 500, 'fastify-async-jobs: this connection needs the package "ioredis". Install it: npm install ioredis'],
  ['EmbeddedInProductionError', new registry.EmbeddedInProductionError(), 'EMBEDDED_IN_PRODUCTION', 500, 'fastify-async-jobs: no connection was given and NODE_ENV is "production". Pass connection: a redis:// or postgres:// URL (or memory: where losing every job with the process is what you want)'],
  ['SchemaRightsError', new registry.SchemaRightsError('bullmq', 'permission denied for table job'), 'SCHEMA_RIGHTS', 500, 'fastify-async-jobs: this role of PostgreSQL may not make or use the schema "bullmq": permission denied for table job. Let an administrator run npx fastify-async-jobs migrate <url>, and grant what docs/postgresql.md lists'],
  ['PoolerError', new registry.PoolerError(), 'POOLER', 500, 'fastify-async-jobs: notifications of PostgreSQL do not arrive, as behind a pooler in transaction mode, which hands a session to others: LISTEN needs one in session mode. Give the URL of such a pool, or of PostgreSQL itself'],
  ['PrefixTakenError', new registry.PrefixTakenError('/jobs', 'a', 'b'), 'PREFIX_TAKEN', 500, 'fastify-async-jobs: the prefix "/jobs" has the job "a" already. Give the job "b" a prefix of its own'],
  ['DirectoryInUseError', new registry.DirectoryInUseError('/data', '42'), 'DIRECTORY_IN_USE', 500, 'fastify-async-jobs: the directory /data is in use by process 42, and only one can use it. Stop that one, give each a directory of its own, or use Redis'],
  ['JobTwiceError', new registry.JobTwiceError('a'), 'JOB_TWICE', 500, 'fastify-async-jobs: another definition with the name "a" is registered here already. Register that one, or give the job another name'],
  ['ProcessorTwiceError', new registry.ProcessorTwiceError('a'), 'PROCESSOR_TWICE', 500, 'fastify-async-jobs: the job "a" has a processor in this service already. Pass the processor to one registration only'],
  ['JobNotRegisteredError', new registry.JobNotRegisteredError('a'), 'JOB_NOT_REGISTERED', 500, 'fastify-async-jobs: no job "a" is registered here. Register the plugin with it before it is used'],
  ['ReadTimeoutError', new registry.ReadTimeoutError('30000'), 'READ_TIMEOUT', 500, 'fastify-async-jobs: the store answers, but took longer than 30000 ms to send a result or partial output'],
  ['CommandTimeoutError', new registry.CommandTimeoutError('900'), 'COMMAND_TIMEOUT', 500, 'Redis did not answer within 900 ms'],
  ['RedisTooOldError', new registry.RedisTooOldError('5.0.7'), 'REDIS_TOO_OLD', 500, 'Redis 5.0.7 is too old: the service needs 6.2 or later'],
  ['OwnerInvalidError', new registry.OwnerInvalidError('undefined'), 'OWNER_INVALID', 500, 'fastify-async-jobs: an owner must be a string that is not empty and well-formed (no U+0000, no half of a surrogate pair), and is undefined. Throw where a request has no owner'],
  ['ProcessorModuleError', new registry.ProcessorModuleError('/a.js', 'does not exist'), 'PROCESSOR_MODULE', 500, 'fastify-async-jobs: the processor module /a.js does not exist']
]

t.test('code, sentence and status', async t => {
  for (const [name, error, code, status, message] of errors) {
    t.strictSame({ code: error.code, statusCode: error.statusCode, message: error.message }, { code, statusCode: status, message }, name)
    t.ok(error instanceof AsyncJobsError && error instanceof Error, `${name} is one of ours`)
    t.equal(error instanceof registry.MisuseError, status === 500 && !['OUTPUT_INVALID', 'JOB_UNREADABLE', 'INTERNAL_ERROR'].includes(code), 'a mistake of the host is told apart')
    t.match(error.stack, 'errors.test', 'its stack tells where it was made')
  }
})

t.test('no error is missing here, and no code means two things', async t => {
  const defined = Object.keys(registry).filter(name => /^[A-Z].*Error$/.test(name) && !['AsyncJobsError', 'MisuseError', 'JobError'].includes(name))
  t.strictSame(errors.map(([name]) => name).sort(), defined.sort())
  t.equal(new Set(errors.map(([, , code]) => code)).size, errors.length)
})

t.test('details', async t => {
  const error = new registry.JobNotFoundError()
  const details = { jobId: 'id', error: { code: 'A', message: 'b' }, issues: [{ pointer: '', detail: 'c' }], headers: { 'retry-after': '1' } }
  t.equal(withDetails(error, details), error)
  t.match(error, details)
})

t.test('JobError', async t => {
  t.test('with no options', async t => {
    const error = new JobError('TOO_LONG', 'The text is too long.')
    t.ok(error instanceof Error)
    t.notOk(error instanceof AsyncJobsError, 'it is the host\'s own, not one of ours')
    t.strictSame({ ...error, message: error.message }, { name: 'JobError', code: 'TOO_LONG', data: undefined, status: undefined, retryable: false, message: 'The text is too long.' })
    t.equal(String(error), 'JobError: The text is too long.')
    t.notOk('cause' in error)
  })

  t.test('with all options', async t => {
    const cause = new Error('why')
    const error = new JobError('TOO_LONG', 'Too long', { data: { limit: 5 }, status: 422, retryable: true, cause })
    t.match(error, { code: 'TOO_LONG', data: { limit: 5 }, status: 422, retryable: true })
    t.equal(error.cause, cause)
  })
})

t.test('an error of the store loses its command', async t => {
  const error = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['user', 'secret'] } })
  t.equal(registry.withoutCommand(error), error)
  t.notOk('command' in error)
  t.equal(registry.withoutCommand('text'), 'text')
})

t.test('a JobError is known by its mark, also of another copy of the package', async t => {
  t.ok(registry.isJobError(new JobError('A', 'b')))
  t.notOk(registry.isJobError(new Error('b')))
  t.notOk(registry.isJobError(JobError.prototype.toString))
  const refuse = (): never => { throw new Error('no') }
  t.notOk(registry.isJobError(new Proxy(new Error('silent'), { has: refuse })), 'a Proxy that does not say')
})
