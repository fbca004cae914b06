import type { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { claimPath, claimUpgrades } from './upgrades.js'

/** Bytes of the longest message, where the host leaves WebSockets to us: above what a session takes. */
const MAX_PAYLOAD = 16_384

/**
 * Registers @fastify/websocket, unless the host has. In the host's instance, not in that of the routes: it ends the
 * connections of those, too, who ask for a WebSocket where there is none.
 */
export async function provideWebSockets (app: FastifyInstance): Promise<void> {
  if (app.hasDecorator('websocketServer')) return
  const upgrades = claimUpgrades(app.server)
  await app.register(websocket, {
    options: { server: upgrades as EventEmitter as Server, maxPayload: MAX_PAYLOAD },
    errorHandler (error, socket, request) {
      // Where the client broke a rule, ws is about to tell it which: 1009 for what is too long.
      if (isBreachOfProtocol(error)) return request.log.info({ err: error }, 'A client broke the rules of WebSockets')
      request.log.error({ err: error }, 'A WebSocket handler failed')
      socket.terminate()
    }
  })
  // The host may use it, too, for routes of its own.
  app.addHook('onRoute', ({ url, websocket, wsHandler }) => { if (websocket === true || wsHandler !== undefined) claimPath(app.server, url) })
  // It ends the connection of an upgrade that was refused, unless a hook refused it that ran before its own.
  app.addHook('onResponse', ({ ws, raw }, _reply, done) => {
    if (!ws && raw.headers.upgrade?.toLowerCase() === 'websocket') raw.socket.destroy()
    done()
  })
}

/** Whether ws closes the connection by itself, with a code that says why. */
function isBreachOfProtocol (error: Error & { code?: string }): boolean {
  return error.code?.startsWith('WS_ERR_') === true
}
