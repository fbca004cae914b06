import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'

/** Bytes of the longest message, where the host leaves WebSockets to us: above what a session takes. */
const MAX_PAYLOAD = 16_384

/** Servers whose upgrades are looked after. */
const upgrading = new WeakSet<object>()

/**
 * Registers @fastify/websocket, unless the host has. In the host's instance, not in that of the routes: it ends the
 * connections of those, too, who ask for a WebSocket where there is none.
 */
export async function provideWebSockets (app: FastifyInstance): Promise<void> {
  if (app.hasDecorator('websocketServer')) return
  const upgrades = new EventEmitter()
  // Plugins of the host may each register jobs of their own: whoever listens first routes for all of them.
  if (!upgrading.has(app.server)) listenToUpgrades(app.server, upgrades)
  upgrading.add(app.server)
  await app.register(websocket, {
    options: { server: upgrades as Server, maxPayload: MAX_PAYLOAD },
    errorHandler (error, socket, request) {
      // Where the client broke a rule, ws is about to tell it which: 1009 for what is too long.
      if (isBreachOfProtocol(error)) return request.log.info({ err: error }, 'A client broke the rules of WebSockets')
      request.log.error({ err: error }, 'A WebSocket handler failed')
      socket.terminate()
    }
  })
  // It ends the connection of an upgrade that was refused, unless a hook refused it that ran before its own.
  app.addHook('onResponse', ({ ws, raw }, _reply, done) => {
    if (!ws && raw.headers.upgrade?.toLowerCase() === 'websocket') raw.socket.destroy()
    done()
  })
}

function listenToUpgrades (server: Server, upgrades: EventEmitter): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() === 'websocket') upgrades.emit('upgrade', request, socket, head)
    else serveWithoutUpgrade(server, request, socket, head)
  })
}

/**
 * A server may ignore the wish for a protocol that it does not speak (RFC 9110, section 7.8), and as long as nobody
 * listens to upgrades, Node does: to that of Java's HTTP client for HTTP/2, for example. It takes no request back
 * that it has given to a listener. So the connection begins again, with the same request less the wish.
 */
function serveWithoutUpgrade (server: Server, { method, url, httpVersion, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (!['connection', 'upgrade', 'http2-settings'].includes(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[index + 1]}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
}

/** Whether ws closes the connection by itself, with a code that says why. */
function isBreachOfProtocol (error: Error & { code?: string }): boolean {
  return error.code?.startsWith('WS_ERR_') === true
}
