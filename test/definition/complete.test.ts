import t from 'tap'
import { bare, Configuration, connection, deepFreeze, define, definition, definitionDefaults, job, log, plugin, pluginDefaults, processor, refusalOf, refuses, schemas, worker, workerDefaults } from '../helpers/options.js'

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
