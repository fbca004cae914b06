import Fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { asyncJobs } from '../../lib/index.js'
import { testHost } from '../helpers/host.js'

/* `localhost` is 127.0.0.1 and ::1: Fastify listens with a server for each. */
for (const index of [0, 1]) {
  testHost(async (guest, t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(asyncJobs, guest)
    await app.listen({ port: 0, host: 'localhost' })
    const addresses = app.addresses()
    // A machine may have one of them only.
    const { address, port, family } = (addresses[index] ?? addresses[0]) as AddressInfo
    return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/jobs`, close: () => app.close() }
  }, `its address ${index}`)
}
