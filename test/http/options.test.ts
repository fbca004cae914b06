import t from 'tap'
import { inspect } from 'node:util'
import { defineJob } from '../../lib/index.js'
import { connection, job, plugin, pluginDefaults, processor, refusalOf, refuses, schemas, workerDefaults } from '../helpers/options.js'

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
      websocket: false,
      publicUrl: 'https://api.example.com/gateway',
      pollAfter: { min: 1, max: 1 },
      jobOptions: () => ({ priority: 1 }),
      maxWait: 0,
      maxSubscriptions: 1,
      owner: () => 'alice',
      maxConnections: 1,
      allowedOrigins: ['https://app.example.com', 'http://localhost:3000', 'capacitor://localhost', 'https://app.example.com:8443'],
      maxPending: 1,
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
    const encoded: Array<[given: string, publicUrl: string]> = [
      ['/análisis', '/an%C3%A1lisis'],
      ['/an%C3%A1lisis', '/an%C3%A1lisis'],
      ['/a b', '/a%20b'],
      ['https://bücher.example/análisis', 'https://xn--bcher-kva.example/an%C3%A1lisis']
    ]
    for (const [given, publicUrl] of encoded) t.match(plugin({ job, publicUrl: given }), { publicUrl }, given)
    const rule = 'options.publicUrl must be an http(s) URL or a path that begins with /, without a query and a slash at its end'
    refuses(t, publicUrl => plugin({ job, publicUrl }), [
      ['gateway', `${rule}; given: 'gateway'`],
      ['/', `${rule}; given: '/'`],
      ['/gateway/', `${rule}; given: '/gateway/'`],
      ['https://api.example.com/', `${rule}; given: 'https://api.example.com/'`],
      ['https://api.example.com?a=b', `${rule}; given: 'https://api.example.com?a=b'`],
      ['ftp://api.example.com', `${rule}; given: 'ftp://api.example.com'`],
      [5, `${rule}; given: 5`],
      ['https://a b', 'options.publicUrl must be an http(s) URL or a path that begins with /; given: \'https://a b\'']
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
      [{ job, websocket: 'no' }, 'options.websocket must be boolean; given: \'no\''],
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
      [{ job, maxConnections: 0 }, 'options.maxConnections must be >= 1; given: 0'],
      [{ job, maxPending: 0 }, 'options.maxPending must be >= 1; given: 0'],
      [{ job, owner: 'alice' }, 'options.owner must be a function; given: \'alice\''],
      [{ job, allowedOrigins: '*' }, 'options.allowedOrigins must be array; given: \'*\''],
      ...['*', 'null', 'app.example.com', 'https://app.example.com/', 'https://App.example.com', 'https://app.example.com?a', 'https://app.example.com:443', 'http://app.example.com:80', 'https://*.example.com', 5].map(origin => [
        { job, allowedOrigins: [origin] }, `options.allowedOrigins.0 must be an origin as browsers send it: https://app.example.com, in lower case, without a path, a wildcard and the port that goes without saying; given: ${inspect(origin)}`
      ] as [unknown, string]),
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
      [{ attempts: 3 }, 'options.worker.attempts is no option here: it is attempts of defineJob; given: a value of type number']
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
