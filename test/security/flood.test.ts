import t from 'tap'
import { once } from 'node:events'
import { connect } from 'node:net'
import { call, startCluster, submit } from '../helpers/cluster.js'

/* A client that goes on to send, is answered each time, and reads none of it. */

t.setTimeout(240_000)

/** A frame of a WebSocket as a client sends it, masked with zeros: text, or a ping. */
function frame (payload: string, type: 0x1 | 0x9 = 0x1): Buffer {
  const { length } = payload
  const size = length < 126 ? [length] : [126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | type, 0x80 | (size[0] as number), ...size.slice(1), 0, 0, 0, 0]), Buffer.from(payload)])
}

t.test('costs the gateway little', async t => {
  const { gateways: [gateway] } = await startCluster(t, { workers: 0 })
  const jobId = await submit(gateway, {})
  const floods: Record<string, Buffer> = {
    pings: frame('{"type":"ping"}'),
    'pings of the protocol': frame('x'.repeat(125), 0x9),
    // Its answer has the id: many short ones would take minutes to fill what the kernel keeps.
    'subscriptions to no job': frame(JSON.stringify({ type: 'subscribe', jobId: 'none'.repeat(500) })),
    'the same subscription': frame(JSON.stringify({ type: 'subscribe', jobId }))
  }
  for (const [name, message] of Object.entries(floods)) {
    const before = await gateway.memory()
    const socket = connect(gateway.port, '127.0.0.1')
    t.teardown(() => { socket.destroy() })
    // Reset where it is disconnected.
    socket.on('error', () => {})
    socket.write('GET /jobs/socket HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
    await once(socket, 'data')
    socket.pause()
    const messages = Buffer.concat(Array.from({ length: 2_000 }, () => message))
    let most = 0
    for (let round = 1; socket.writable; round++) {
      await new Promise<void>(resolve => { socket.write(messages, () => { resolve() }) })
      if (round % 10 === 0) most = Math.max(most, await gateway.memory() - before)
    }
    t.comment(`${name}: ${Math.round(most / 2 ** 20)} MiB`)
    t.ok(most < 200 * 2 ** 20, `it is disconnected, ${name} have cost ${Math.round(most / 2 ** 20)} MiB`)
    t.match(await call(gateway, 'GET', `/status/${jobId}`), { status: 200 })
  }
})
