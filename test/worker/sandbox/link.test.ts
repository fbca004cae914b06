import t from 'tap'
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { seal, unseal } from '../../../lib/worker/sandbox/envelope.js'
import { fixture } from '../../helpers/sandbox.js'

/* The fixture says "open", answers what it hears over its link, and ends when it hears "end". */

t.test('in a thread, the parent port is left to others', async t => {
  const worker = new Worker(fixture('linked.js'))
  const { port1: ours, port2: theirs } = new MessageChannel()
  worker.postMessage(theirs, [theirs])
  t.strictSame(await once(ours, 'message'), ['open'])
  worker.postMessage('of a library')
  ours.postMessage('a')
  t.strictSame(await once(ours, 'message'), ['heard a'])
  ours.postMessage('end')
  t.strictSame(await once(worker, 'exit'), [0])
})

t.test('in a process, what is not sealed is left to others', async t => {
  const child = fork(fileURLToPath(fixture('linked.js')))
  const heard: unknown[] = []
  const next = async (): Promise<void> => {
    const [message] = await once(child, 'message') as [unknown]
    heard.push(unseal(message))
  }
  await next()
  child.send('of a library')
  child.send(seal('a'))
  await next()
  t.strictSame(heard, ['open', 'heard a'])
  child.send(seal('end'))
  t.strictSame(await once(child, 'exit'), [0, null])
})
