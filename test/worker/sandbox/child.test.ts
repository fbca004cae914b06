import t from 'tap'
import type { JobContext } from '../../../lib/index.js'
import { startChild } from '../../../lib/worker/sandbox/child.js'
import { runInSandbox } from '../../../lib/worker/sandbox/run.js'
import { MESSAGES } from '../../fixtures/odd-messages-processor.js'
import { ask, context, load, RUN } from '../../helpers/sandbox.js'

for (const kind of ['thread', 'process'] as const) {
  t.test(`a ${kind}`, async t => {
    const child = startChild(kind)
    t.teardown(() => child.kill())
    t.ok(child.usable)
    t.match(await ask(child, load('processor.js')), { type: 'loaded' })

    t.test('is gone when it is killed', async t => {
      const other = startChild(kind)
      const end = new Promise(resolve => { other.listener = { onMessage () {}, onEnd: resolve } })
      const killed = other.kill()
      t.match(await end, { reason: undefined, code: kind === 'thread' ? Number : null, signal: kind === 'thread' ? null : 'SIGKILL' })
      await killed
      await other.kill()
      t.notOk(other.usable)
      other.send({ type: 'end' })
    })

    t.test('whose processor throws outside its promise is not usable', async t => {
      const other = startChild(kind)
      await ask(other, load('processor.js'))
      t.match(await ask(other, { ...RUN, input: { do: 'throw outside' } }), { type: 'died', failure: { message: 'outside its promise' } })
      t.notOk(other.usable)
      await other.ended
    })

    t.test('to which nothing can be said that is not JSON', async t => {
      t.throws(() => { child.send({ ...RUN, input: 1n }) }, TypeError)
    })
  })

  t.test(`whatever the libraries of a processor say in a ${kind}`, async t => {
    const child = startChild(kind)
    t.teardown(() => child.kill())
    await ask(child, load('odd-messages-processor.js'))
    for (const name of Object.keys(MESSAGES)) {
      const silence: JobContext & { reports: object } = context()
      t.match(await runInSandbox(child, name, silence), /^(?:cannot be )?said$/, name)
      t.strictSame(silence.reports, { progress: [], chunks: [], log: [] }, name)
    }
    t.ok(child.usable)
  })
}
