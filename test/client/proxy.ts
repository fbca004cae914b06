import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What happens to one request on its way. */
export type Fault =
  | { kind: 'pass' }
  /** The connection breaks before the server sees anything. */
  | { kind: 'refuse' }
  /** The server has answered, and that is lost. */
  | { kind: 'lose' }
  /** The server gets it twice; its second answer passes. */
  | { kind: 'twice' }
  | { kind: 'busy', retryAfter: number }
  /** The answer breaks off after so many bytes. */
  | { kind: 'cut', after: number }
  /** The answer is kept back until it is whole. */
  | { kind: 'buffer' }
  /** In ms. */
  | { kind: 'delay', ms: number }
  /** Another server takes over before. */
  | { kind: 'restart' }

export interface Proxy {
  origin: string
  /** What happens to the next requests; to all after them, nothing. */
  faults: Fault[]
  /** Methods and paths, in the order in which they came. */
  seen: string[]
  /** Called for each request, before its fault. */
  onRequest: (count: number) => void
  /** Called when the beginning of an answer is kept back. */
  onBuffer: () => void
  /** Requests that are under way. */
  open (): number
}

interface Service {
  /** Where requests go. */
  origin (): string
  restart (): Promise<void>
}

/** A proxy in front of a service, on a port of its own. */
export async function startProxy (t: Test, service: Service): Promise<Proxy> {
  let open = 0
  const server = createServer((incoming, response) => {
    open++
    response.on('close', () => { open-- })
    response.shouldKeepAlive = false
    handle(incoming, response).catch(() => { response.destroy() })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })

  const proxy: Proxy = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: [],
    seen: [],
    onRequest () {},
    onBuffer () {},
    open: () => open
  }

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const fault = proxy.faults.shift() ?? { kind: 'pass' }
    proxy.seen.push(`${incoming.method} ${incoming.url}`)
    const body = await read(incoming)
    proxy.onRequest(proxy.seen.length)
    const ask = async (): Promise<IncomingMessage> => {
      const asked = request(service.origin() + String(incoming.url), { method: incoming.method ?? 'GET', headers: incoming.headers, agent: false })
      response.on('close', () => { asked.destroy() })
      asked.end(body)
      const [answer] = await once(asked, 'response') as [IncomingMessage]
      return answer
    }
    switch (fault.kind) {
      case 'refuse': return reset(response)
      case 'lose':
        // Of a stream, its beginning.
        await once(await ask(), 'data')
        return reset(response)
      case 'busy':
        response.writeHead(503, { 'retry-after': String(fault.retryAfter) }).end()
        return
      case 'twice':
        await once(await ask(), 'data')
        break
      case 'delay':
        await new Promise(resolve => { setTimeout(resolve, fault.ms) })
        break
      case 'restart':
        await service.restart()
    }
    const answer = await ask()
    response.writeHead(answer.statusCode ?? 500, { ...answer.headers, connection: 'close' })
    if (fault.kind === 'buffer') {
      answer.once('data', proxy.onBuffer)
      response.end(await read(answer))
      return
    }
    let left = fault.kind === 'cut' ? fault.after : Infinity
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      response.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) {
        await new Promise<void>(resolve => { response.write('', () => { resolve() }) })
        return reset(response)
      }
    }
    response.end()
  }
  return proxy
}

function reset (response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

async function read (message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
