import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Scope } from './processes.js'

/** An address behind which servers change, as that of a managed Redis. */
export interface TcpProxy {
  port: number
  /** Where connections go from now on. Those that are open stay where they are. */
  to: number
  /** Resets all connections of clients. @returns how many */
  reset (): number
}

export async function startTcpProxy (scope: Scope, to: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const clients = new Set<Socket>()
  const server = createServer(client => {
    clients.add(client)
    client.once('close', () => { clients.delete(client) })
    const upstream = connect(proxy.to, '127.0.0.1')
    for (const [from, into] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.once('close', () => {
        sockets.delete(from)
        into.destroy()
      })
      from.pipe(into)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = {
    port: (server.address() as AddressInfo).port,
    to,
    reset () {
      const { size } = clients
      for (const client of clients) client.resetAndDestroy()
      return size
    }
  }
  scope.teardown(async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  })
  return proxy
}
