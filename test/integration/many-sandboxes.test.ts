import t from 'tap'
import { latch } from '../helpers/latch.js'
import { context, onEachKind } from '../helpers/sandbox.js'

/* As many sandboxes at a time as a worker has jobs. */

t.test('twelve at a time', t => onEachKind(t, async (t, open) => {
  const warnings: Error[] = []
  const warn = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', warn)
  t.teardown(() => { process.off('warning', warn) })
  const { execute } = open()
  const running = latch()
  let count = 0
  const all = latch()
  const runs = Array.from({ length: 12 }, () => {
    const controller = new AbortController()
    void all.promise.then(() => { controller.abort(new Error('enough')) })
    return execute({ do: 'wait for abort' }, context(controller, { progress: async () => { if (++count === 12) running.open() } }))
  })
  await running.promise
  all.open()
  t.match(await Promise.allSettled(runs), Array(12).fill({ status: 'rejected', reason: { message: 'enough' } }))
  t.strictSame(warnings, [], 'nobody warns of listeners')
}))
