import t, { type Test } from 'tap'
import type { JobDefinition } from '../types/definition.js'
import type { AsyncJobsOptions, CreateWorkerOptions, JobOptions } from '../types/options.js'
import { defineJob, Type } from '../lib/index.js'
import { resolveDefinition, resolveJobOptions, resolveOptions, resolveWorkerOptions } from '../lib/options.js'

const schemas = { input: Type.Object({ text: Type.String() }), output: Type.Object({ length: Type.Number() }) }
const job: JobDefinition = defineJob({ name: 'analysis', ...schemas })
const connection = 'redis://:hunter2@redis.example.com:6379/1'
const processor = (): { length: number } => ({ length: 1 })
const log = { debug () {}, info () {}, warn () {}, error () {} }

const workerDefaults = { concurrency: 1, sandbox: 'thread', lockDuration: 30_000, maxStalledCount: 1, closeTimeout: 10_000 }
const pluginDefaults = {
  job,
  connection: 'memory:',
  connectionDefaulted: true,
  processor: undefined,
  routes: true,
  errors: 'problem',
  publicUrl: '',
  pollAfter: { min: 1_000, max: 10_000 },
  worker: workerDefaults,
  jobOptions: undefined,
  maxWait: 60,
  maxSubscriptions: 1_000
}
const definitionDefaults = {
  name: 'analysis',
  attempts: 3,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
  timeout: 600_000,
  retention: { completed: 86_400, failed: 604_800 },
  maxOutputChunks: 10_000,
  maxOutputBytes: 1_048_576
}

/* What callers without a type checker pass. */
const plugin = (given: unknown, env: NodeJS.ProcessEnv = {}): unknown => resolveOptions(given as AsyncJobsOptions, env)
const worker = (given: unknown, itsJob: unknown = job, itsProcessor: unknown = processor): unknown =>
  resolveWorkerOptions(itsJob as JobDefinition, itsProcessor, given as CreateWorkerOptions)
const definition = (given: unknown): unknown => resolveDefinition(given as object)
const define = (given: object): unknown => definition({ name: 'analysis', ...schemas, ...given })

/** What is passed, and the message that refuses it. */
type Refusal = [given: unknown, message: string]

function refuses (t: Test, resolve: (given: unknown) => unknown, refusals: Refusal[]): void {
  for (const [given, message] of refusals) t.strictSame(refusalOf(() => resolve(given)), { code: 'OPTION_INVALID', message: `fastify-async-jobs: ${message}` })
}

function refusalOf (call: () => unknown): unknown {
  try {
    return { accepted: call() }
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    return { code, message }
  }
}

function deepFreeze<Value extends object> (value: Value): Value {
  for (const field of Object.values(value)) if (typeof field === 'object' && field !== null) deepFreeze(field as object)
  return Object.freeze(value)
}

/** The same fields in an object that has no prototype. */
function bare (fields: object): object {
  return Object.assign(Object.create(null) as object, fields)
}

/** The same fields in an object of a class, as configuration libraries make them. */
class Configuration {
  constructor (fields: object) { Object.assign(this, fields) }
}

t.test('options of the plugin', async t => {
  t.test('what is left out gets its default', async t => {
    t.strictSame(plugin({ job }), pluginDefaults)
    t.strictSame(plugin({
      job, connection: undefined, processor: undefined, worker: undefined, routes: undefined, errors: undefined, publicUrl: undefined, pollAfter: undefined
    }), pluginDefaults, 'undefined is left out')
    t.strictSame(plugin({ job, pollAfter: { min: undefined, max: 60_000 } }), { ...pluginDefaults, pollAfter: { min: 1_000, max: 60_000 } })
    t.strictSame(
      plugin({ job, processor, worker: { concurrency: 5, sandbox: undefined } }),
      { ...pluginDefaults, processor, worker: { ...workerDefaults, concurrency: 5 } }
    )
  })

  t.test('what is given stays', async t => {
    const given = {
      connection,
      processor: new URL('file:///processor.js'),
      routes: false,
      errors: 'host',
      publicUrl: 'https://api.example.com/gateway',
      pollAfter: { min: 1, max: 1 },
      jobOptions: () => ({ priority: 1 }),
      maxWait: 0,
      maxSubscriptions: 1,
      worker: { concurrency: 10_000, sandbox: 'process', lockDuration: 100, maxStalledCount: 0, closeTimeout: 0 }
    }
    t.strictSame(plugin({ job, ...given }), { job, ...given, connectionDefaulted: false })
    t.strictSame(plugin({ job, processor: '/processor.js' }), { ...pluginDefaults, processor: '/processor.js' })
  })

  t.test('what Fastify itself takes is Fastify\'s', async t => {
    t.strictSame(plugin({ job, prefix: '/analysis', logLevel: 'warn', logSerializers: {} }), pluginDefaults)
  })

  t.test('publicUrl', async t => {
    for (const publicUrl of ['', '/gateway', '/a/b', 'http://localhost:3000', 'https://api.example.com/v1']) {
      t.match(plugin({ job, publicUrl }), { publicUrl })
    }
    const rule = 'options.publicUrl must be an http(s) URL or a path that begins with /, without a query and a slash at its end'
    refuses(t, publicUrl => plugin({ job, publicUrl }), [
      ['gateway', `${rule}; given: 'gateway'`],
      ['/', `${rule}; given: '/'`],
      ['/gateway/', `${rule}; given: '/gateway/'`],
      ['https://api.example.com/', `${rule}; given: 'https://api.example.com/'`],
      ['https://api.example.com?a=b', `${rule}; given: 'https://api.example.com?a=b'`],
      ['ftp://api.example.com', `${rule}; given: 'ftp://api.example.com'`],
      [5, `${rule}; given: 5`]
    ])
  })

  t.test('each wrong one is refused with its name, the rule and what was given', async t => {
    refuses(t, plugin, [
      [{ job, retries: 3 }, 'options.retries is no option; given: a value of type number'],
      [{ job, Connection: connection }, 'options.Connection is no option; given: a value of type string'],
      [JSON.parse('{"__proto__":{"routes":false}}'), 'options.job must be what defineJob() returns; given: undefined'],
      [{ job, ...JSON.parse('{"constructor":1}') as object }, 'options.constructor is no option; given: a value of type number'],
      [{ job, routes: 'no' }, 'options.routes must be boolean; given: \'no\''],
      [{ job, routes: null }, 'options.routes must be boolean; given: null'],
      [{ job, errors: 'problems' }, 'options.errors must be one of problem, host; given: \'problems\''],
      [{ job, pollAfter: 5 }, 'options.pollAfter must be object; given: 5'],
      [{ job, pollAfter: [] }, 'options.pollAfter must be object; given: []'],
      [{ job, pollAfter: { min: 0 } }, 'options.pollAfter.min must be >= 1; given: 0'],
      [{ job, pollAfter: { min: 1.5 } }, 'options.pollAfter.min must be integer; given: 1.5'],
      [{ job, pollAfter: { max: 2 ** 31 } }, 'options.pollAfter.max must be <= 2147483647; given: 2147483648'],
      [{ job, pollAfter: { max: Infinity } }, 'options.pollAfter.max must be integer; given: Infinity'],
      [{ job, pollAfter: { maximum: 5 } }, 'options.pollAfter.maximum is no option; given: a value of type number'],
      [{ job, pollAfter: { min: 20, max: 10 } }, 'options.pollAfter must have min <= max; given: min 20, max 10'],
      [{ job, pollAfter: { max: 500 } }, 'options.pollAfter must have min <= max; given: min 1000, max 500'],
      [{ job, maxWait: -1 }, 'options.maxWait must be >= 0; given: -1'],
      [{ job, maxWait: 2_147_484 }, 'options.maxWait must be <= 2147483; given: 2147484'],
      [{ job, maxSubscriptions: 0 }, 'options.maxSubscriptions must be >= 1; given: 0'],
      [{ job, jobOptions: { priority: 1 } }, 'options.jobOptions must be a function; given: [Object]'],
      [{ job, processor: 5 }, 'options.processor must be a function, or the URL or absolute path of a module; given: 5'],
      [{ job, processor: null }, 'options.processor must be a function, or the URL or absolute path of a module; given: null'],
      [{ job, worker: { concurrency: 5 } }, 'options.worker goes with processor: without one nothing runs here; given: [Object]']
    ])
    refuses(t, given => plugin({ job, processor, worker: given }), [
      ['fast', 'options.worker must be object; given: \'fast\''],
      [{ concurrency: 0 }, 'options.worker.concurrency must be >= 1; given: 0'],
      [{ concurrency: 10_001 }, 'options.worker.concurrency must be <= 10000; given: 10001'],
      [{ concurrency: '5' }, 'options.worker.concurrency must be integer; given: \'5\''],
      [{ concurrency: NaN }, 'options.worker.concurrency must be integer; given: NaN'],
      [{ sandbox: 'process' }, 'options.worker.sandbox goes with a processor that is a module: give its URL or absolute path; given: \'process\''],
      [{ sandbox: 'fiber' }, 'options.worker.sandbox must be one of thread, process; given: \'fiber\''],
      [{ lockDuration: 99 }, 'options.worker.lockDuration must be >= 100; given: 99'],
      [{ maxStalledCount: -1 }, 'options.worker.maxStalledCount must be >= 0; given: -1'],
      [{ maxStalledCount: Infinity }, 'options.worker.maxStalledCount must be integer; given: Infinity'],
      [{ closeTimeout: -1 }, 'options.worker.closeTimeout must be >= 0; given: -1'],
      [{ attempts: 3 }, 'options.worker.attempts is no option; given: a value of type number']
    ])
  })

  t.test('the job must be one that defineJob made', async t => {
    const message = (given: string): string => `options.job must be what defineJob() returns; given: ${given}`
    refuses(t, given => plugin({ job: given }), [
      [undefined, message('undefined')],
      [null, message('null')],
      ['analysis', message('\'analysis\'')],
      [[job], message('[Array]')],
      [{ name: 'analysis', ...schemas }, message('[Object]')],
      [{ ...job }, message('[Object]')],
      [Object.freeze({ name: 'analysis', ...schemas, retention: { completed: 5 } }), message('[Object]')],
      [defineJob, message('[Function: defineJob]')]
    ])
  })

  t.test('an embedded engine in production must be asked for', async t => {
    const production = { NODE_ENV: 'production' }
    t.strictSame(refusalOf(() => plugin({ job }, production)), {
      code: 'EMBEDDED_IN_PRODUCTION',
      message: 'fastify-async-jobs: no connection was given and NODE_ENV is "production". Pass connection: a redis:// or postgres:// URL (or memory: where losing every job with the process is what you want)'
    })
    t.match(refusalOf(() => plugin({ job, connection: undefined }, production)), { code: 'EMBEDDED_IN_PRODUCTION' })
    t.strictSame(plugin({ job, connection: 'memory:' }, production), { ...pluginDefaults, connectionDefaulted: false })
    t.match(plugin({ job, connection: null }, production), { connection: null, connectionDefaulted: false }, 'null is no wish for memory: the engine refuses it')
    t.strictSame(plugin({ job }, { NODE_ENV: 'test' }), pluginDefaults)
  })
})

t.test('options of createWorker', async t => {
  t.test('what is left out gets its default', async t => {
    t.strictSame(worker({ connection }), workerDefaults)
    t.strictSame(worker({ connection, log: undefined, concurrency: undefined, sandbox: undefined }), workerDefaults)
    t.strictSame(worker({ connection, log, concurrency: 10, closeTimeout: 0 }), { ...workerDefaults, concurrency: 10, closeTimeout: 0 })
    t.strictSame(worker({ connection: 'memory:shared', log: console }), workerDefaults)
  })

  t.test('each wrong one is refused with its name, the rule and what was given', async t => {
    const log = 'options.log must have the methods debug, info, warn and error'
    refuses(t, worker, [
      [undefined, 'options must be an object; given: undefined'],
      [null, 'options must be an object; given: null'],
      [[], 'options must be an object; given: []'],
      [{}, 'options.connection is required; given: nothing'],
      [{ connection: undefined }, 'options.connection is required; given: nothing'],
      [{ connection: 'memory:' }, 'options.connection must be shared with the service: memory: lives inside one app. Use redis://, postgres:// or, in the same process, file: or memory:<name>; given: \'memory:\''],
      [{ connection, log: 'info' }, `${log}; given: 'info'`],
      [{ connection, log: null }, `${log}; given: null`],
      [{ connection, log: { info () {}, warn () {}, error () {} } }, `${log}; given: [Object]`],
      [{ connection, concurrency: 0 }, 'options.concurrency must be >= 1; given: 0'],
      [{ connection, sandbox: 'thread' }, 'options.sandbox goes with a processor that is a module: give its URL or absolute path; given: \'thread\''],
      [{ connection, sandbox: true }, 'options.sandbox must be one of thread, process; given: true'],
      [{ connection, worker: {} }, 'options.worker is no option; given: a value of type object']
    ])
  })

  t.test('the job and the processor are checked, too', async t => {
    refuses(t, given => resolveWorkerOptions(given as JobDefinition, processor, { connection }), [
      [undefined, 'job must be what defineJob() returns; given: undefined'],
      [{ ...job }, 'job must be what defineJob() returns; given: [Object]']
    ])
    refuses(t, given => resolveWorkerOptions(job, given, { connection }), [
      [undefined, 'processor is required; given: nothing'],
      [{}, 'processor must be a function, or the URL or absolute path of a module; given: {}']
    ])
  })
})

t.test('options of defineJob', async t => {
  t.test('what is left out gets its default', async t => {
    t.strictSame(define({}), definitionDefaults)
    t.strictSame(define({ description: undefined, attempts: undefined, backoff: undefined, timeout: undefined, retention: undefined }), definitionDefaults)
    t.strictSame(define({ description: 'Finds feelings.', startBy: 60 }), { ...definitionDefaults, description: 'Finds feelings.', startBy: 60 })
  })

  t.test('what is given in part gets the defaults of the other part', async t => {
    t.strictSame(define({ retention: { completed: 60 } }), { ...definitionDefaults, retention: { completed: 60, failed: 604_800 } })
    t.strictSame(define({ retention: { failed: 60, completed: undefined } }), { ...definitionDefaults, retention: { completed: 86_400, failed: 60 } })
    t.strictSame(define({ backoff: { type: 'fixed', delay: 5 } }), { ...definitionDefaults, backoff: { type: 'fixed', delay: 5, jitter: 0 } })
    t.strictSame(define({ backoff: { type: 'exponential', delay: 0, jitter: 1 } }), { ...definitionDefaults, backoff: { type: 'exponential', delay: 0, jitter: 1 } })
  })

  t.test('the schemas belong to the host\'s validator: they are only told from what is none', async t => {
    t.strictSame(define({ input: { customKeyword: true }, output: bare({ type: 'null' }) }), definitionDefaults)
    refuses(t, input => define({ input }), [
      [undefined, 'defineJob.input must be a schema such as Type.Object({ … }); given: undefined'],
      [null, 'defineJob.input must be a schema such as Type.Object({ … }); given: null'],
      ['object', 'defineJob.input must be a schema such as Type.Object({ … }); given: \'object\''],
      [[schemas.input], 'defineJob.input must be a schema such as Type.Object({ … }); given: [Array]']
    ])
    refuses(t, output => define({ output }), [[true, 'defineJob.output must be a schema such as Type.Object({ … }); given: true']])
  })

  t.test('each wrong one is refused with its name, the rule and what was given', async t => {
    const name = 'defineJob.name must begin with a letter and have at most 128 letters, digits, dots, dashes and underscores'
    refuses(t, definition, [
      [undefined, 'defineJob takes an object; given: undefined'],
      ['analysis', 'defineJob takes an object; given: \'analysis\''],
      [[], 'defineJob takes an object; given: []'],
      [schemas, 'defineJob.name is required; given: nothing']
    ])
    refuses(t, given => define(given as object), [
      [{ name: '' }, `${name}; given: ''`],
      [{ name: '1st' }, `${name}; given: '1st'`],
      [{ name: 'a:b' }, `${name}; given: 'a:b'`],
      [{ name: 'a/b' }, `${name}; given: 'a/b'`],
      [{ name: 'a\n' }, `${name}; given: 'a\\n'`],
      [{ name: 'a'.repeat(129) }, `${name}; given: '${'a'.repeat(99)}…`],
      [{ name: Symbol('a') }, `${name}; given: Symbol(a)`],
      [{ retry: 3 }, 'defineJob.retry is no option; given: a value of type number'],
      [{ description: 5 }, 'defineJob.description must be string; given: 5'],
      [{ attempts: 0 }, 'defineJob.attempts must be >= 1; given: 0'],
      [{ attempts: 1_001 }, 'defineJob.attempts must be <= 1000; given: 1001'],
      [{ attempts: 1.5 }, 'defineJob.attempts must be integer; given: 1.5'],
      [{ attempts: '3' }, 'defineJob.attempts must be integer; given: \'3\''],
      [{ timeout: 0 }, 'defineJob.timeout must be >= 1; given: 0'],
      [{ timeout: 2 ** 31 }, 'defineJob.timeout must be <= 2147483647; given: 2147483648'],
      [{ startBy: 0 }, 'defineJob.startBy must be >= 1; given: 0'],
      [{ startBy: 2_147_484 }, 'defineJob.startBy must be <= 2147483; given: 2147484'],
      [{ maxOutputChunks: -1 }, 'defineJob.maxOutputChunks must be >= 0; given: -1'],
      [{ maxOutputBytes: 1.5 }, 'defineJob.maxOutputBytes must be integer; given: 1.5'],
      [{ backoff: 1_000 }, 'defineJob.backoff must be object; given: 1000'],
      [{ backoff: { delay: 5 } }, 'defineJob.backoff.type is required; given: nothing'],
      [{ backoff: { type: 'fixed' } }, 'defineJob.backoff.delay is required; given: nothing'],
      [{ backoff: { type: 'linear', delay: 5 } }, 'defineJob.backoff.type must be one of fixed, exponential; given: \'linear\''],
      [{ backoff: { type: 'fixed', delay: -1 } }, 'defineJob.backoff.delay must be >= 0; given: -1'],
      [{ backoff: { type: 'fixed', delay: 5, jitter: 1.1 } }, 'defineJob.backoff.jitter must be <= 1; given: 1.1'],
      [{ backoff: { type: 'fixed', delay: 5, jitter: NaN } }, 'defineJob.backoff.jitter must be number; given: NaN'],
      [{ backoff: { type: 'fixed', delay: 5, factor: 2 } }, 'defineJob.backoff.factor is no option; given: a value of type number'],
      [{ retention: 60 }, 'defineJob.retention must be object; given: 60'],
      [{ retention: { completed: 0 } }, 'defineJob.retention.completed must be >= 1; given: 0'],
      [{ retention: { failed: '7d' } }, 'defineJob.retention.failed must be integer; given: \'7d\''],
      [{ retention: { completed: Infinity } }, 'defineJob.retention.completed must be integer; given: Infinity'],
      [{ retention: { failed: 3_162_240_001 } }, 'defineJob.retention.failed must be <= 3162240000; given: 3162240001'],
      [{ retention: { canceled: 5 } }, 'defineJob.retention.canceled is no option; given: a value of type number']
    ])
  })

  t.test('names', async t => {
    for (const name of ['a', 'Analysis', 'a.b-c_d.2', 'a'.repeat(128)]) t.strictSame(define({ name }), { ...definitionDefaults, name })
  })
})

t.test('options of one job', async t => {
  t.strictSame(resolveJobOptions(undefined, 'options'), {})
  t.strictSame(resolveJobOptions({ priority: undefined }, 'options'), {}, 'what is left out gets no default: it is the definition\'s')
  const given = { timeout: 1, startBy: 1, priority: 2_097_152, delay: 0 }
  t.strictSame(resolveJobOptions(given, 'options'), given)
  refuses(t, given => resolveJobOptions(given as JobOptions, 'jobOptions()'), [
    [null, 'jobOptions() must be an object; given: null'],
    ['urgent', 'jobOptions() must be an object; given: \'urgent\''],
    [{ timeout: 0 }, 'jobOptions().timeout must be >= 1; given: 0'],
    [{ startBy: 0.5 }, 'jobOptions().startBy must be integer; given: 0.5'],
    [{ priority: 2_097_153 }, 'jobOptions().priority must be <= 2097152; given: 2097153'],
    [{ delay: -1 }, 'jobOptions().delay must be >= 0; given: -1'],
    [{ attempts: 5 }, 'jobOptions().attempts is no option; given: a value of type number']
  ])
})

t.test('any object holds options: one without prototype, one of a class', async t => {
  for (const make of [bare, (fields: object) => new Configuration(fields)]) {
    t.strictSame(definition(make({ name: 'analysis', ...schemas, backoff: make({ type: 'fixed', delay: 5 }), retention: make({ failed: 9 }) })), {
      ...definitionDefaults, backoff: { type: 'fixed', delay: 5, jitter: 0 }, retention: { completed: 86_400, failed: 9 }
    })
    t.strictSame(plugin(make({ job, processor, worker: make({ concurrency: 2 }), pollAfter: make({ min: 5 }) })), {
      ...pluginDefaults, processor, worker: { ...workerDefaults, concurrency: 2 }, pollAfter: { min: 5, max: 10_000 }
    })
    t.strictSame(worker(make({ connection, lockDuration: 500 })), { ...workerDefaults, lockDuration: 500 })
    refuses(t, plugin, [[make({ job, pollAfter: make({ min: 'a' }) }), 'options.pollAfter.min must be integer; given: \'a\'']])
  }
})

t.test('what the caller passed is not changed', async t => {
  const inputs = { job, processor, worker: { concurrency: 2 }, pollAfter: { min: 5 }, publicUrl: undefined }
  const options = deepFreeze({ name: 'analysis', ...schemas, backoff: { type: 'fixed', delay: 5 }, retention: { completed: 60 } })
  t.strictSame(plugin(deepFreeze({ ...inputs })), { ...pluginDefaults, processor, worker: { ...workerDefaults, concurrency: 2 }, pollAfter: { min: 5, max: 10_000 } })
  t.strictSame(definition(options), { ...definitionDefaults, backoff: { type: 'fixed', delay: 5, jitter: 0 }, retention: { completed: 60, failed: 604_800 } })
  t.strictSame(worker(deepFreeze({ connection, log: { ...log }, concurrency: 2 })), { ...workerDefaults, concurrency: 2 })

  for (const make of [(fields: object) => fields, bare, (fields: object) => new Configuration(fields)]) {
    const nested = { worker: make({ concurrency: 2 }), pollAfter: make({ min: 5 }) }
    plugin({ job, processor, ...nested })
    t.same(nested, { worker: { concurrency: 2 }, pollAfter: { min: 5 } }, 'no default was written into it')
  }
})

t.test('one call\'s defaults are not another\'s', async t => {
  const [first, second] = [plugin({ job }), plugin({ job })] as Array<{ pollAfter: object, worker: object }>
  t.not(first?.pollAfter, second?.pollAfter)
  t.not(first?.worker, second?.worker)
})

t.test('what comes out is frozen', async t => {
  const options = plugin({ job, processor }) as { worker: object, pollAfter: object }
  for (const resolved of [options, options.worker, options.pollAfter, worker({ connection })]) t.ok(Object.isFrozen(resolved))
})

t.test('messages tell no secrets', async t => {
  const loose = 'redis://:hunter2 hunter2@redis.example.com'
  const long = `redis://:${'hunter2'.repeat(50)}@redis.example.com`
  const leaks: Array<() => unknown> = [connection, loose, long, `redis://${connection}`, { url: connection, password: 'hunter2' }, [connection]].flatMap(secret => [
    () => plugin(secret),
    () => plugin({ job: secret }),
    () => plugin({ job, conection: secret }),
    () => plugin({ job, errors: secret }),
    () => plugin({ job, publicUrl: secret }),
    () => plugin({ job, pollAfter: secret }),
    () => plugin({ job, worker: secret }),
    () => plugin({ job, processor, worker: { connection: secret } }),
    () => worker(secret),
    () => worker({ connection, log: secret }),
    () => worker({ connection, redis: secret }),
    () => worker({ connection }, secret),
    () => worker({ connection }, job, typeof secret === 'string' ? 5 : secret),
    () => definition(secret),
    () => define({ backoff: { type: secret, delay: 5 } }),
    () => define({ name: secret })
  ])
  for (const leak of leaks) {
    const refusal = refusalOf(leak)
    t.match(refusal, { message: String })
    t.notMatch(JSON.stringify(refusal), 'hunter2', JSON.stringify(refusal))
  }
  refuses(t, worker, [
    [connection, 'options must be an object; given: \'redis://***@redis.example.com:6379/1\'']
  ])
})

t.test('an object that holds itself is no trouble', async t => {
  const host: { self?: object } = {}
  host.self = host
  refuses(t, plugin, [[{ job, host }, 'options.host is no option; given: a value of type object']])
  refuses(t, plugin, [[{ job, routes: host }, 'options.routes must be boolean; given: [Object]']])
  refuses(t, plugin, [[{ job, pollAfter: host }, 'options.pollAfter.self is no option; given: a value of type object']])
})
