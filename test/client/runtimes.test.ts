import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import t from 'tap'
import { provideNode } from '../../scripts/node-versions.mjs'
import { event, job, stream } from './faulty-server.js'

/* The WebSocket of each version of Node is another one: what it tells of a handshake that is refused differs. */

t.setTimeout(300_000)

const refusals: Record<string, (socket: Duplex) => void> = {
  426: socket => { socket.end('HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n') },
  502: socket => { socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n') },
  nothing: socket => { socket.destroy() }
}

const server = createServer((request, response) => { stream(event('0.c', 'job', job('completed')))(response, request) })
server.on('upgrade', (request, socket) => { refusals[request.url?.split('/')[1] ?? '']?.(socket) })
server.listen(0, '127.0.0.1')
await once(server, 'listening')
t.teardown(() => { server.close() })
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/** Watches a job, and prints how, how it ended, and after how many ms. */
const program = (url: string): string => `
import { createJobsClient } from ${JSON.stringify(import.meta.resolve('../../lib/client/index.js'))}
const told = []
const begun = Date.now()
for await (const event of createJobsClient('${url}').watch(['the-job'], { onTransport: way => told.push(way) })) told.push(event.job.status)
console.log(JSON.stringify({ webSocket: typeof WebSocket, told, ms: Date.now() - begun }))
`

for (const version of ['22', '24']) {
  t.test(`a WebSocket that is refused, on Node ${version}`, async t => {
    const node = join(await provideNode(version), 'node')
    for (const refusal of Object.keys(refusals)) {
      const { stdout } = await promisify(execFile)(node, ['--input-type=module', '--eval', program(`${origin}/${refusal}/jobs`)], { timeout: 60_000 })
      const { ms, ...rest } = JSON.parse(stdout) as { ms: number }
      t.strictSame(rest, { webSocket: 'function', told: ['sse', 'completed'] }, refusal)
      t.ok(ms < 2_000, `${ms} ms; where only a close is listened to, 30,000 or never`)
    }
  })
}
