import t from 'tap'
import type { JobDefinition } from '../../types/definition.js'
import { resolveWorkerOptions } from '../../lib/worker/options.js'
import { connection, job, log, processor, refuses, worker, workerDefaults } from '../helpers/options.js'

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
      [{ connection, worker: {} }, 'options.worker is no option here: it is options.worker of the plugin; given: a value of type object']
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
