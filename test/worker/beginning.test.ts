import t from 'tap'
import { EventEmitter } from 'node:events'
import type { EngineWorker } from '../../lib/engine/engine.js'
import { createPatience } from '../../lib/engine/patience.js'
import { beginWorker } from '../../lib/worker/beginning.js'
import { latch } from '../helpers/latch.js'

interface Fake extends EngineWorker {
  did: string[]
}

/** A worker that starts or does not. */
function fake (start: () => Promise<void>, run: () => Promise<void> = async () => {}): Fake {
  const did: string[] = []
  const worker = Object.assign(new EventEmitter(), {
    waitUntilReady: start,
    async run () { did.push('run'); await run() },
    async close (force = false) { did.push(`close ${force}`) }
  }) as unknown as EngineWorker['worker']
  return {
    did,
    worker,
    report: async () => { did.push('report'); return true },
    readJob: async () => { did.push('readJob'); return undefined },
    now: async () => { did.push('now'); return 0 },
    disconnect () { did.push('disconnect') }
  }
}

const refused = async (): Promise<void> => { throw new TypeError('Redis is too old') }
const unheard = (): void => { t.fail('it told') }

t.test('begins anew as long as its start fails, whatever it fails of', async t => {
  const workers = [fake(refused), fake(refused), fake(refused), fake(async () => {})]
  const told: string[] = []
  const patience = createPatience(() => { told.push('refused') }, () => { told.push('answered') })
  const left = [...workers]
  const errors: unknown[] = []
  const beginning = beginWorker({ open: () => left.shift() as Fake, patience, onError: error => { errors.push(error) }, onStopped: unheard })
  await beginning.started
  t.strictSame(workers.map(({ did }) => did), [...Array<string[]>(3).fill(['close true', 'disconnect']), ['run']])
  t.strictSame(told, ['refused', 'answered'], 'and is told of once')
  const [first, , , last] = workers as [Fake, Fake, Fake, Fake]
  t.equal(beginning.worker, last.worker)
  await beginning.report('queue', 'id', 'token', { progress: 1, from: 0, rows: [] })
  await beginning.readJob('queue', 'id', false)
  await beginning.now()
  beginning.disconnect()
  await beginning.close()
  t.strictSame(last.did, ['run', 'report', 'readJob', 'now', 'disconnect', 'close false'])
  first.worker.emit('error', new Error('of one that was given up'))
  const error = new Error('of the one that runs')
  last.worker.emit('error', error)
  t.strictSame(errors, [error])
})

t.test('one that is closed does not begin anew', async t => {
  const patience = createPatience(() => {}, () => {})
  const failed = latch()
  let opened = 0
  const beginning = beginWorker({ open: () => { opened++; return fake(async () => { failed.open(); await refused() }) }, patience, onError: unheard, onStopped: unheard })
  await failed.promise
  await beginning.close()
  await beginning.started
  t.equal(opened, 1)
})

t.test('nor does one that is closed while it pauses', async t => {
  const patience = createPatience(() => {}, () => {})
  const paused = latch()
  let opened = 0
  const one = fake(refused)
  const beginning = beginWorker({ open: () => { opened++; return { ...one, disconnect () { setImmediate(() => { paused.open() }) } } }, patience, onError: unheard, onStopped: unheard })
  await paused.promise
  await beginning.close()
  await beginning.started
  t.equal(opened, 1)
  t.notOk(one.did.includes('run'))
})

t.test('tells where it stopped', async t => {
  const stopped = latch<unknown>()
  const error = new Error('no')
  const one = fake(async () => {}, async () => { throw error })
  const beginning = beginWorker({ open: () => one, patience: createPatience(() => {}, () => {}), onError: unheard, onStopped: stopped.open })
  await beginning.started
  t.equal(await stopped.promise, error)
})
