import t from 'tap'
import { build } from 'esbuild'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { event, job, stream } from '../client/faulty-server.js'
import { openPage, startBrowser, visit } from './open-page.js'

t.test('a WebSocket that is refused, in Chromium: the client goes on by requests', async t => {
  const { outputFiles: [client] } = await build({ entryPoints: [fileURLToPath(import.meta.resolve('../../lib/client/index.js'))], bundle: true, format: 'esm', write: false })
  const server = createServer((request, response) => {
    if (request.url === '/') response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>empty</title><link rel="icon" href="data:,">')
    else if (request.url === '/client.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(client?.text)
    else stream(event('0.c', 'job', job('completed')))(response, request)
  })
  server.on('upgrade', (_request, socket) => { socket.end('HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n') })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })

  const page = await openPage(await visit(t, await startBrowser(t)), `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const { told, ms } = await page.evaluate(`(async () => {
    const { createJobsClient } = await import('/client.js')
    const told = []
    const begun = Date.now()
    for await (const event of createJobsClient('/jobs').watch(['the-job'], { onTransport: way => told.push(way) })) told.push(event.job.status)
    return { told, ms: Date.now() - begun }
  })()`) as { told: string[], ms: number }
  t.strictSame(told, ['sse', 'completed'])
  t.ok(ms < 2_000, `${ms} ms`)
})
