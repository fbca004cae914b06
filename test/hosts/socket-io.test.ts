import Fastify from 'fastify'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/* Has WebSockets of its own, which are none of ours. */
testHost(async (guest, t) => {
  const app = Fastify()
  const sockets = new Server(app.server)
  sockets.on('connection', socket => socket.on('question', (answer: (text: string) => void) => { answer('42') }))
  app.addHook('preClose', async () => { sockets.disconnectSockets(true) })
  await app.register(asyncJobs, guest)
  const host = await listen(app, t)
  const client = io(new URL(host.url).origin, { transports: ['websocket'], reconnection: false })
  t.teardown(() => client.close())
  await new Promise<void>((resolve, reject) => {
    client.once('connect', resolve)
    client.once('connect_error', reject)
  })
  t.equal(await client.timeout(5_000).emitWithAck('question'), '42')
  return host
})
