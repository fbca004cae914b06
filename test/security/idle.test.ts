import t from 'tap'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import WebSocket from 'ws'
import { call, startCluster, submit, type Gateway } from '../helpers/cluster.js'

/* Thousands of clients that connect, watch a job, and say nothing more. */

t.setTimeout(300_000)

/** Each is a file on either side: where the system allows fewer, as many as it does. */
const COUNT = Math.min(5_000, Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).replace('unlimited', '1e9')) / 2 - 500)

/** How many connect at a time: what listens keeps some hundred waiting. */
const AT_A_TIME = 250

t.test('thousands of idle WebSockets and streams on one gateway', async t => {
  const { gateways: [gateway] } = await startCluster(t, { workers: 0 })
  const jobId = await submit(gateway, {})
  const kinds: Array<[name: string, most: number, open: () => Promise<{ closed: Promise<unknown>, end: () => void }>]> = [
    ['WebSocket', 80, () => openWebSocket(gateway, jobId)],
    ['stream', 80, () => openStream(gateway, jobId)]
  ]
  const closed: Array<Promise<unknown>> = []
  for (const [name, most, open] of kinds) {
    const before = await gateway.memory()
    for (let count = 0; count < COUNT; count += AT_A_TIME) {
      const clients = await Promise.all(Array.from({ length: AT_A_TIME }, open))
      for (const client of clients) {
        closed.push(client.closed)
        t.teardown(client.end)
      }
    }
    const each = (await gateway.memory() - before) / COUNT / 1024
    t.comment(`${COUNT} of them: ${each.toFixed(1)} KiB for each ${name}`)
    t.ok(each < most, `a ${name} costs less than ${most} KiB, it is ${each.toFixed(1)}`)
  }
  const begun = performance.now()
  t.match(await call(gateway, 'GET', `/status/${jobId}`), { status: 200, body: { status: 'pending' } })
  t.ok(performance.now() - begun < 500, 'it answers all the same')
  const time = await gateway.close()
  t.comment(`closed in ${Math.round(time)} ms`)
  t.ok(time < 20_000, `in bounded time: ${Math.round(time)} ms`)
  await Promise.all(closed)
})

async function openWebSocket ({ origin }: Gateway, jobId: string): Promise<{ closed: Promise<unknown>, end: () => void }> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/jobs/socket`)
  const closed = new Promise(resolve => { socket.on('close', resolve) })
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'subscribe', jobId }))
  await once(socket, 'message')
  return { closed, end: () => { socket.terminate() } }
}

async function openStream ({ port }: Gateway, jobId: string): Promise<{ closed: Promise<unknown>, end: () => void }> {
  const socket: Socket = connect(port, '127.0.0.1')
  const closed = new Promise(resolve => { socket.on('close', resolve) })
  await once(socket, 'connect')
  socket.write(`GET /jobs/events/${jobId} HTTP/1.1\r\nhost: x\r\n\r\n`)
  let text = ''
  await new Promise<void>(resolve => {
    socket.on('data', data => {
      text += String(data)
      if (text.includes('event: job')) resolve()
    })
  })
  return { closed, end: () => { socket.destroy() } }
}
