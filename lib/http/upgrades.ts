import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/*
 * A Node server tells every listener of every upgrade, and many of them refuse what they do not know, or end its
 * connection. So ours are told to nobody else, and we touch those of nobody else.
 */

/** How long an upgrade may wait for its answer that is not ours, in ms. Those who could may all have ignored it. */
const PATIENCE = 10_000

/** For each server whose upgrades are looked after, the paths that are ours. */
const claimed = new WeakMap<Server, RegExp[]>()

/**
 * @returns tells of the upgrades to WebSockets that are ours. Plugins of a host may each register jobs of their own:
 * whoever comes first routes for all of them, to the others nothing is told
 */
export function claimUpgrades (server: Server): EventEmitter {
  const upgrades = new EventEmitter()
  if (claimed.has(server)) return upgrades
  const paths: RegExp[] = []
  claimed.set(server, paths)
  const take = (request: IncomingMessage, socket: Socket, head: Buffer): boolean => {
    // Where nobody else listens, all are ours: they get the answer of a route, or that there is none.
    const ours = server.listenerCount('upgrade') === 1 || paths.some(path => path.test(pathOf(request)))
    if (!ours) endUnanswered(socket)
    else if (request.headers.upgrade?.toLowerCase() === 'websocket') upgrades.emit('upgrade', request, socket, head)
    else serveWithoutUpgrade(server, request, socket, head)
    return ours
  }
  // Without a listener, Node makes an ordinary request of an upgrade.
  server.on('upgrade', () => {})
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean
  server.emit = (event: string, ...args: unknown[]) =>
    (event === 'upgrade' && take(...args as [IncomingMessage, Socket, Buffer])) || emit(event, ...args)
  return upgrades
}

/** Makes the upgrades to a route ours. */
export function claimPath (server: Server, route: string): void {
  claimed.get(server)?.push(toPattern(route))
}

/** What the router reads as a parameter or a wildcard, and two colons, its way to write one that is neither. */
const PLACE = /(::|\/:\w+(?:\([^)]*\))?\?$|:\w+(?:\([^)]*\))?|\*)/

/** Matches where a router does, whatever its options: more, rather than less. */
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

function endUnanswered (socket: Socket): void {
  const timer = setTimeout(() => { if (socket.bytesWritten === 0) socket.destroy() }, PATIENCE)
  socket.once('close', () => { clearTimeout(timer) })
}

/**
 * A server may ignore the wish for a protocol that it does not speak (RFC 9110, section 7.8), and as long as nobody
 * listens to upgrades, Node does: to that of Java's HTTP client for HTTP/2, for example. It takes no request back
 * that it has given to a listener. So the connection begins again, with the same request less the wish.
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

/** The headers of the wish. `Connection` names them, and may say more: that the connection is to be closed. */
const WISH = ['upgrade', 'http2-settings']

function withoutWish (connection: string): string {
  return connection.split(',').filter(option => !WISH.includes(option.trim().toLowerCase())).join(',').trim()
}
