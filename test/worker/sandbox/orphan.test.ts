import t, { type Test } from 'tap'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { OrphanOrder } from '../../fixtures/orphan-processor.js'
import { fixture } from '../../helpers/sandbox.js'

/** Kills a service whose sandbox, a process, runs a job. Resolves to what the processor says until its process is gone. */
async function wordsOf (t: Test, does: OrphanOrder['do']): Promise<string[]> {
  const server = createServer()
  t.teardown(() => { server.close() })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const connected = once(server, 'connection') as Promise<[Socket]>
  const order: OrphanOrder = { do: does, port: (server.address() as AddressInfo).port }
  const service = fork(fileURLToPath(fixture('orphan-service.js')), [JSON.stringify(order)])
  t.teardown(() => { service.kill('SIGKILL') })
  const [socket] = await connected
  socket.on('error', () => {})
  const words: string[] = []
  const lines = createInterface({ input: socket })
  lines.on('line', word => {
    words.push(word)
    if (word === 'begun') service.kill('SIGKILL')
  })
  await once(lines, 'close')
  return words
}

t.test('a process whose service was killed', async t => {
  t.strictSame(await wordsOf(t, 'end'), ['begun', 'aborted: The process of the worker is gone'], 'ends with its run')
  t.strictSame(await wordsOf(t, 'wait'), ['begun', 'aborted: The process of the worker is gone'], 'also where that goes on')
  t.strictSame(await wordsOf(t, 'spin'), ['begun'], 'or comes to nothing else')
  t.strictSame(await wordsOf(t, 'return'), ['begun'], 'at once where it has nothing to do')
})
