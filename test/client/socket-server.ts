import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import type { Reaction } from './faulty-server.js'

/** What the server does with one connection; undefined: it refuses the upgrade. */
export type Connection = ((socket: WebSocket) => void) | undefined

/** A server that does with its first WebSocket what the first connection says, and so on; and the same with each request. */
export async function socketServer (t: Test, connections: Connection[], request: Reaction = response => { response.writeHead(404).end() }) {
  const server = createServer((incoming, response) => { request(response, incoming) })
  const sockets = new WebSocketServer({ noServer: true })
  /** What each connection has received. */
  const received: unknown[][] = []
  let upgrades = 0
  server.on('upgrade', (incoming, stream, head) => {
    const connection = connections[upgrades++]
    if (connection === undefined) return stream.destroy()
    sockets.handleUpgrade(incoming, stream, head, socket => {
      const messages: unknown[] = []
      received.push(messages)
      socket.on('message', data => { messages.push(JSON.parse(String(data))) })
      connection(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url: `${origin}/jobs`, socketUrl: `${origin.replace('http', 'ws')}/jobs/socket`, received, upgrades: () => upgrades }
}

/** Sends these messages once it has got the first; with a code, it closes then. */
export function tell (messages: unknown[], code?: number): Exclude<Connection, undefined> {
  return socket => {
    socket.once('message', () => {
      for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message))
      if (code !== undefined) socket.close(code, 'because')
    })
  }
}

/** Node has a WebSocket of its own from 22 on. */
export function provideWebSocket (t: Test, value: unknown = WebSocket): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
  Object.defineProperty(globalThis, 'WebSocket', { value, configurable: true, writable: true })
  t.teardown(() => {
    if (own === undefined) delete (globalThis as { WebSocket?: unknown }).WebSocket
    else Object.defineProperty(globalThis, 'WebSocket', own)
  })
}
