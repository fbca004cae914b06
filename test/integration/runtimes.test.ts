import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import t from 'tap'
import { provideBun, provideDeno, provideNode } from '../../scripts/runtimes.mjs'
import { event, job, stream } from '../client/faulty-server.js'

/* Each runtime has a WebSocket of its own: what it tells of a handshake that is refused differs. */

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

/** Each runtime, and how it runs a program. */
const runtimes: Record<string, () => Promise<[command: string, ...args: string[]]>> = {
  'Node 22': async () => [join(await provideNode('22'), 'node')],
  'Node 24': async () => [join(await provideNode('24'), 'node')],
  Bun: async () => [await provideBun(), 'run'],
  Deno: async () => [await provideDeno(), 'run', '--allow-net', '--allow-read', '--no-lock', '--no-config']
}

for (const [name, provide] of Object.entries(runtimes)) {
  t.test(`a WebSocket that is refused, on ${name}`, async t => {
    const [command, ...args] = await provide()
    for (const refusal of Object.keys(refusals)) {
      const file = join(t.testdir({ 'program.mjs': program(`${origin}/${refusal}/jobs`) }), 'program.mjs')
      const { stdout } = await promisify(execFile)(command, [...args, file], { timeout: 60_000 })
      const { ms, ...rest } = JSON.parse(stdout) as { ms: number }
      t.strictSame(rest, { webSocket: 'function', told: ['sse', 'completed'] }, refusal)
      t.ok(ms < 2_000, `${ms} ms; where only a close is listened to, 30,000 or never`)
    }
  })
}
