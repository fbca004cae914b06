import t from 'tap'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import WebSocket from 'ws'
import type { Job, JobEvent, Problem } from '../../types/job.js'
import { chunkOf } from '../fixtures/cluster/job.js'
import { call, startCluster, submit, type Reply } from '../helpers/cluster.js'
import { eventually } from '../helpers/service.js'
import { faultsOf } from '../helpers/history.js'
import { openSocketWatcher, openStream, readStream, watchPolls, watchStream } from '../helpers/watchers.js'

t.setTimeout(240_000)

const MEBIBYTE = 2 ** 20

t.test('watchers that stop reading', async t => {
  const { gateways: [first, second], steps, go } = await startCluster(t, { workers: 1 })
  // Close to the limit, and more than the kernel takes for a connection whose other end does not read.
  const script = { chunks: 1_000, size: 8_192, end: 'when told' as const }
  const chunk = (index: number) => ({ run: 1, data: chunkOf(jobId, 1, index, script.size) })
  // Whoever watched before has made the gateway as large as it gets.
  const warming = await submit(first, { ...script, chunks: 200, end: 'return' })
  await Promise.all(Array.from({ length: 20 }, () => watchStream(second, warming)))
  const before = await second.held()

  const jobId = await submit(first, script)
  const streams = await Promise.all(Array.from({ length: 10 }, () => stall(second.port, `GET /jobs/events/${jobId} HTTP/1.1\r\nHost: localhost\r\n\r\n`)))
  const sockets = await Promise.all(Array.from({ length: 10 }, () => stallSocket(second.port, jobId)))
  const stalled = [...streams, ...sockets]
  let gone = 0
  const dropped = Promise.all(stalled.map(async port => { await second.disconnected(port); gone++ }))
  const watcher = openSocketWatcher(second)
  t.teardown(() => { watcher.close() })
  const others = [watchStream(second, jobId), watcher.watch(jobId)]
  const poll = watchPolls(second, jobId, 60)

  await steps(jobId, script.chunks)
  const during = await second.held()
  go(jobId)
  for (const history of await Promise.all(others)) {
    t.strictSame(faultsOf(history, jobId, chunk).slice(0, 3), [], 'the others get everything')
    t.equal(history.filter(({ type }) => type === 'output').length, script.chunks)
  }
  t.match((await poll).at(-1), { job: { status: 'completed' } })
  t.equal(gone, 0, 'while those still hang on the gateway')
  await dropped
  t.equal(gone, stalled.length, 'which then drops them')
  const after = await second.held()
  t.comment(`held by the gateway: ${[before, during, after].map(bytes => Math.round(bytes / MEBIBYTE)).join(', ')} MiB before, while and after ${stalled.length} watchers did not read 8 MiB each`)
  for (const bytes of [during, after]) t.ok(bytes - before < 50 * MEBIBYTE, 'next to nothing was kept for them')

  /** Sends a request and never reads the answer. Resolves to the port of its end. */
  async function stall (port: number, text: string): Promise<number> {
    const socket: Socket = connect(port, '127.0.0.1')
    socket.pause()
    socket.on('error', () => {})
    t.teardown(() => { socket.destroy() })
    await once(socket, 'connect')
    socket.write(text)
    return socket.localPort as number
  }

  async function stallSocket (port: number, jobId: string): Promise<number> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/jobs/socket`)
    socket.on('error', () => {})
    t.teardown(() => { socket.terminate() })
    const [[{ socket: own }]] = await Promise.all([once(socket, 'upgrade') as Promise<[IncomingMessage]>, once(socket, 'open')])
    socket.pause()
    socket.send(JSON.stringify({ type: 'subscribe', jobId }))
    return own.localPort as number
  }
})

t.test('a gateway that closes', async t => {
  const { gateways: [gateway, other] } = await startCluster(t, { workers: 0 })
  const jobId = await submit(gateway, {})
  const CLIENTS = 200
  const all = <Value>(open: () => Promise<Value>): Promise<Value[]> => Promise.all(Array.from({ length: CLIENTS }, open))

  const streams = await all(() => openStream(gateway, jobId))
  const told: JobEvent[] = []
  const watching = await Promise.all(streams.map(async stream => {
    let onFirst = (): void => {}
    const first = new Promise<void>(resolve => { onFirst = resolve })
    const end = readStream(stream, event => { told.push(event); onFirst() })
    await first
    return { end }
  }))
  const sockets = await all(async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/jobs/socket`)
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'subscribe', jobId }))
    await once(socket, 'message')
    return socket
  })
  const closeCodes = Promise.all(sockets.map(async socket => (await once(socket, 'close'))[0] as number))
  const waiting = <Body>(path: string, method: 'GET' | 'POST' = 'GET'): Array<Promise<Reply<Body>>> =>
    Array.from({ length: CLIENTS / 4 }, () => call<Body>(gateway, method, path, { headers: { prefer: 'wait=60' }, ...(method === 'POST' && { body: { chunks: 0 } }) }))
  const polls = [...waiting<Job>(`/status/${jobId}`), ...waiting<Job>(`/status/${jobId}?wait=60`)]
  const results = waiting<Problem>(`/result/${jobId}`)
  const submissions = waiting<Job>('', 'POST')
  await eventually(() => gateway.requests(), requests => requests === 1 + 3 * CLIENTS)

  const ms = await gateway.close()
  t.comment(`closed within ${Math.round(ms)} ms`)
  t.ok(ms < 2_000, 'it closes at once')
  for (const { end } of watching) await end
  t.strictSame(new Set(told.map(event => event.type === 'job' && event.job.status)), new Set(['pending']), 'streams end without a final event')
  t.equal(told.length, CLIENTS)
  t.strictSame(new Set(await closeCodes), new Set([1012]), 'sockets are told that the service restarts')
  t.strictSame(new Set((await Promise.all(polls)).map(({ status, body }) => `${status} ${body.status}`)), new Set(['200 pending']), 'who waits is told what is known')
  t.strictSame(new Set((await Promise.all(results)).map(({ status, body }) => `${status} ${body.code}`)), new Set(['409 JOB_NOT_FINISHED']))
  t.strictSame(new Set((await Promise.all(submissions)).map(({ status, body }) => `${status} ${body.status}`)), new Set(['202 pending']), 'what was submitted is accepted')
  t.match(await call(other, 'GET', `/status/${jobId}`), { status: 200, body: { status: 'pending' } }, 'the other one goes on')
})

t.test('a stream that is asked for just before the gateway closes', async t => {
  const { gateways: [gateway], server } = await startCluster(t, { workers: 0 })
  const jobId = await submit(gateway, {})
  server.pause()
  t.teardown(() => { server.resume() })
  const opening = openStream(gateway, jobId)
  await eventually(() => gateway.requests(), requests => requests === 2)
  const closing = gateway.close()
  // Asked later, answered later: it closes by now.
  await gateway.requests()
  await gateway.requests()
  server.resume()
  const stream = await opening
  t.equal(stream.statusCode, 200, 'not 204, upon which an EventSource would never come back')
  t.ok(await readStream(stream, event => { t.fail('There is nothing to tell', event) }) === undefined, 'ends')
  t.ok(await closing < 2_000)
})
