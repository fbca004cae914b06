import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/*
 * A Node server calls every listener for every upgrade. Many listeners refuse an upgrade that they do not know, or end
 * its connection. So this module hides upgrades of our paths from other listeners, and leaves all other upgrades to
 * them.
 */

/** How long an upgrade of another listener may stay without an answer, in ms. All listeners may have ignored it. */
const PATIENCE = 10_000

/** The paths that are ours, for each server whose upgrades this module handles. */
const claimed = new WeakMap<Server, RegExp[]>()

/**
 * Makes this module handle the upgrades of a server.
 * @returns an emitter of `upgrade` for WebSockets on our paths. Several plugins of an app may call this for the same
 * server: only the first gets an emitter that emits, and routes for all of them
 */
export function claimUpgrades (server: Server): EventEmitter {
  const upgrades = new EventEmitter()
  if (claimed.has(server)) return upgrades
  const paths: RegExp[] = []
  claimed.set(server, paths)
  const take = (request: IncomingMessage, socket: Socket, head: Buffer): boolean => {
    // If nobody else listens, handle all upgrades. They get the answer of a route, or 404.
    const ours = server.listenerCount('upgrade') === 1 || paths.some(path => path.test(pathOf(request)))
    if (!ours) endUnanswered(socket)
    else if (request.headers.upgrade?.toLowerCase() === 'websocket') upgrades.emit('upgrade', request, socket, head)
    else serveWithoutUpgrade(server, request, socket, head)
    return ours
  }
  // Without a listener, Node would treat an upgrade as an ordinary request, and emit no `upgrade`.
  server.on('upgrade', () => {})
  // The cast replaces the overloads of `emit`, one for each event, by a signature for all events.
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean
  server.emit = (event: string, ...args: unknown[]) =>
    (event === 'upgrade' && take(...args as [IncomingMessage, Socket, Buffer])) || emit(event, ...args)
  return upgrades
}

/** Makes the path of a route one of ours. */
export function claimPath (server: Server, route: string): void {
  claimed.get(server)?.push(toPattern(route))
}

/**
 * Matches a parameter or a wildcard of a path, as the router reads it, and `::`, with which the router escapes a colon.
 */
const PLACE = /(::|\/:\w+(?:\([^)]*\))?\?$|:\w+(?:\([^)]*\))?|\*)/

/** Makes a pattern that matches all paths that the router matches, whatever its options are. It may match more. */
function toPattern (route: string): RegExp {
  const source = normalized(route).split(PLACE).map((part, index) => {
    if (index % 2 === 0) return part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&')
    if (part === '::') return ':'
    if (part === '*') return '.*'
    return part.endsWith('?') ? '(?:/[^/]+)?' : '[^/]+'
  })
  return new RegExp(`^${source.join('')}$`, 'i')
}

function pathOf ({ url }: IncomingMessage): string {
  const [path] = (url as string).split('?', 1) as [string]
  try {
    return normalized(decodeURI(path))
  } catch {
    return path
  }
}

function normalized (path: string): string {
  return path.replace(/\/{2,}/g, '/').replace(/\/$/, '')
}

/** Ends the connection of an upgrade that no listener has answered in time. */
function endUnanswered (socket: Socket): void {
  const timer = setTimeout(() => { if (socket.bytesWritten === 0) socket.destroy() }, PATIENCE)
  socket.once('close', () => { clearTimeout(timer) })
}

/**
 * Answers an upgrade as an ordinary request. A server may ignore an upgrade to a protocol that it does not speak (RFC
 * 9110, section 7.8), such as the one to HTTP/2 that Java's HTTP client asks for. Node ignores upgrades while nobody
 * listens for them, but it cannot take back a request that it has passed to a listener. So this function puts the same
 * request without the headers of the upgrade back into the socket, and lets the server read the connection anew.
 */
function serveWithoutUpgrade (server: Server, { method, url, httpVersion, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name, value] = rawHeaders.slice(index, index + 2) as [string, string]
    const kept = name.toLowerCase() === 'connection' ? withoutWish(value) : value
    if (kept !== '' && !WISH.includes(name.toLowerCase())) lines.push(`${name}: ${kept}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
}

/** The headers of an upgrade. `Connection` names them, and may have other options too, such as `close`. */
const WISH = ['upgrade', 'http2-settings']

function withoutWish (connection: string): string {
  return connection.split(',').filter(option => !WISH.includes(option.trim().toLowerCase())).join(',').trim()
}
