import t, { type Test } from 'tap'
import Fastify, { type FastifyInstance, type FastifyReply, type RouteHandlerMethod } from 'fastify'
import { EventEmitter, once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type AddressInfo } from 'node:net'
import { goneSignal, onClosed } from '../../lib/http/closed.js'
import { latch } from '../helpers/latch.js'

/** A client that sends a request, and hangs up when it is told to. */
type Client = (port: number) => { hangUp (): void }

const clients: Record<string, { http2: boolean, send: Client }> = {
  'HTTP/1.1': {
    http2: false,
    send (port) {
      const socket = connect(port, '127.0.0.1')
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
      return { hangUp: () => { socket.destroy() } }
    }
  },
  'HTTP/2': {
    http2: true,
    send (port) {
      const session = connectHttp2(`http://127.0.0.1:${port}`)
      session.request({ ':path': '/' }).on('error', () => {})
      return { hangUp: () => { session.destroy() } }
    }
  }
}

async function listen (t: Test, http2: boolean, handler: RouteHandlerMethod): Promise<number> {
  const app = (http2 ? Fastify({ http2: true }) : Fastify()) as unknown as FastifyInstance
  t.teardown(() => app.close())
  app.get('/', handler)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

for (const [name, { http2, send }] of Object.entries(clients)) {
  t.test(`a client that hangs up, over ${name}`, async t => {
    for (const before of [true, false]) {
      const [arrived, told] = [latch(), latch()]
      const port = await listen(t, http2, async (_request, reply) => {
        const closed = once(reply.raw, 'close')
        arrived.open()
        if (before) await closed
        onClosed(reply, told.open)
        await closed
        return 'nobody reads it'
      })
      const client = send(port)
      await arrived.promise
      client.hangUp()
      await told.promise
      t.pass(before ? 'before anybody listened' : 'while somebody does')
    }
  })
}

t.test('a signal that somebody is gone', async t => {
  const reply = { raw: Object.assign(new EventEmitter(), { destroyed: false }) } as unknown as FastifyReply
  const closing = new AbortController()
  const [first, second] = [goneSignal(reply, closing.signal), goneSignal(reply, new AbortController().signal)]
  t.notOk(first.aborted)
  closing.abort()
  t.ok(first.aborted, 'as the service closes')
  t.ok(goneSignal(reply, closing.signal).aborted, 'also where it closes already')
  t.notOk(second.aborted)
  reply.raw.emit('close')
  t.ok(second.aborted, 'as the client hangs up')
})
