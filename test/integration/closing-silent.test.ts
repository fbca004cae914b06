import t from 'tap'
import { once } from 'node:events'
import { connect } from 'node:net'
import Fastify from 'fastify'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { listen } from '../helpers/watch.js'

t.test('with forceCloseConnections, neither a silent connection nor a slow body holds up the service that closes', async t => {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job: defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Null() }), connection: redisUrl(), prefix: '/jobs' })
  const port = Number(new URL(await listen(app)).port)
  const accepted = [once(app.server, 'connection')]
  const [silent, slow] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  for (const socket of [silent, slow]) {
    t.teardown(() => { socket.destroy() })
    socket.on('error', () => {})
    await once(socket, 'connect')
  }
  const begun = once(app.server, 'request')
  slow.write('POST /jobs HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{')
  await Promise.all([...accepted, begun])
  const ended = [silent, slow].map(socket => once(socket, 'close'))
  await app.close()
  await Promise.all(ended)
  t.pass('it closes')
})
