import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Scope } from './processes.js'

/** An address whose connections can die without a word, as those that a firewall has forgotten. */
export interface DeafProxy {
  port: number
  /** Nothing goes over the connections that are open now any more, and they stay open. Those that are made later work. */
  deafen (): void
}

export async function startDeafProxy (scope: Scope, to: number): Promise<DeafProxy> {
  const open = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connect(to, '127.0.0.1')
    for (const [from, into] of [[client, upstream], [upstream, client]] as const) {
      open.add(from)
      from.on('error', () => {})
      from.once('close', () => {
        open.delete(from)
        if (!deaf.has(into)) into.destroy()
      })
      from.on('data', chunk => { if (!deaf.has(from)) into.write(chunk) })
    }
  })
  const deaf = new WeakSet<Socket>()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(async () => {
    server.close()
    for (const socket of open) socket.destroy()
    await once(server, 'close')
  })
  return {
    port: (server.address() as AddressInfo).port,
    deafen () { for (const socket of open) deaf.add(socket) }
  }
}
