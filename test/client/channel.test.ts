import t from 'tap'
import { createChannel } from '../../lib/client/channel.js'
import { countListeners } from './listeners.js'

const { signal: never } = new AbortController()

async function collect<Value> (values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = []
  for await (const value of values) all.push(value)
  return all
}

t.test('values come in order, those before the reader and those after', async t => {
  const channel = createChannel<number>()
  channel.push(1)
  channel.push(2)
  const reading = collect(channel.read(never))
  setImmediate(() => {
    channel.push(3)
    channel.end()
  })
  t.same(await reading, [1, 2, 3])
})

t.test('what was pushed before the end is read', async t => {
  const channel = createChannel<number>()
  channel.push(1)
  channel.end()
  t.same(await collect(channel.read(never)), [1])
})

t.test('an abort ends it at once, while the reader waits and while values wait', async t => {
  for (const values of [[], [1, 2]]) {
    const controller = new AbortController()
    const listeners = countListeners(controller.signal)
    const channel = createChannel<number>()
    const reading = channel.read(controller.signal)
    if (values.length > 0) {
      for (const value of values) channel.push(value)
      t.match(await reading.next(), { value: 1 })
    }
    const next = values.length > 0 ? undefined : reading.next()
    controller.abort('enough')
    t.equal(await (next ?? reading.next()).catch((error: unknown) => error), 'enough')
    t.equal(listeners(), 0)
  }
})
