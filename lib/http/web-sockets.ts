import type { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { claimPath, claimUpgrades } from './upgrades.js'

/**
 * The longest message that ws accepts, in bytes, unless the app has registered @fastify/websocket itself. It is above
 * the limit of a session, which answers with a reason of its own.
 */
const MAX_PAYLOAD = 16_384

/**
 * Registers @fastify/websocket, unless the app has. It goes into the app's instance, not into that of the routes,
 * because it also ends the connections of clients that ask for a WebSocket on another path.
 */
export async function provideWebSockets (app: FastifyInstance): Promise<void> {
  if (app.hasDecorator('websocketServer')) return
  const upgrades = claimUpgrades(app.server)
  // The cast holds because ws only listens to the server's events.
  await app.register(websocket, {
    options: { server: upgrades as EventEmitter as Server, maxPayload: MAX_PAYLOAD },
    errorHandler (error, socket, request) {
      // If the client broke a rule of the protocol, ws closes the connection itself, with a code that says why: 1009
      // for a message that is too long, for example.
      if (isBreachOfProtocol(error)) return request.log.info({ err: error }, 'A client broke the rules of WebSockets')
      request.log.error({ err: error }, 'A WebSocket handler failed')
      socket.terminate()
    }
  })
  // The app may use @fastify/websocket for routes of its own. So claim their paths too.
  app.addHook('onRoute', ({ url, websocket, wsHandler }) => { if (websocket === true || wsHandler !== undefined) claimPath(app.server, url) })
  // @fastify/websocket ends the connection of a refused upgrade, but not if a hook refused it that ran before its own.
  app.addHook('onResponse', ({ ws, raw }, _reply, done) => {
    if (!ws && raw.headers.upgrade?.toLowerCase() === 'websocket') raw.socket.destroy()
    done()
  })
}

/** Whether ws closes the connection by itself, with a code that says why. */
function isBreachOfProtocol (error: Error & { code?: string }): boolean {
  return error.code?.startsWith('WS_ERR_') === true
}
