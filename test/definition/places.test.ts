import t from 'tap'
import { define, plugin, processor, refuses, worker, job, connection } from '../helpers/options.js'

t.test('an option at the wrong level is told where it belongs', async t => {
  const OF_WORKER = (name: string): string => `options.worker.${name} of the plugin, or options.${name} of createWorker`
  refuses(t, given => plugin({ job, processor, ...given as object }), [
    [{ concurrency: 5 }, `options.concurrency is no option here: it is ${OF_WORKER('concurrency')}; given: a value of type number`],
    [{ closeTimeout: 5, worker: { concurrency: 5 } }, `options.closeTimeout is no option here: it is ${OF_WORKER('closeTimeout')}; given: a value of type number`],
    [{ attempts: 5 }, 'options.attempts is no option here: it is attempts of defineJob; given: a value of type number'],
    [{ timeout: 5 }, 'options.timeout is no option here: it is timeout of defineJob, timeout of jobOptions, and of submit; given: a value of type number'],
    [{ priority: 5 }, 'options.priority is no option here: it is priority of jobOptions, and of submit; given: a value of type number'],
    [{ worker: { connection } }, 'options.worker.connection is no option here: it is options.connection of the plugin; given: a value of type string'],
    [{ speed: 5 }, 'options.speed is no option; given: a value of type number']
  ])
  refuses(t, given => worker({ connection, ...given as object }), [
    [{ attempts: 5 }, 'options.attempts is no option here: it is attempts of defineJob; given: a value of type number'],
    [{ owner: () => 'a' }, 'options.owner is no option here: it is options.owner of the plugin; given: a value of type function']
  ])
  refuses(t, given => define(given as object), [
    [{ concurrency: 5 }, `defineJob.concurrency is no option here: it is ${OF_WORKER('concurrency')}; given: a value of type number`],
    [{ maxWait: 5 }, 'defineJob.maxWait is no option here: it is options.maxWait of the plugin; given: a value of type number']
  ])
})
