import t from 'tap'
import { resolve } from 'node:path'
import { freePort } from '../../scripts/server-process.mjs'
import { startRedis } from '../helpers/redis-server.js'
import { postgresUrl } from '../helpers/engines.js'
import { run } from '../helpers/tarball.js'

t.setTimeout(120_000)

/* A Redis that takes TLS alone, and asks for a password. Its certificate is trusted as an operator has Node trust one. */
t.test('the life of jobs over rediss:', async t => {
  const pem = resolve('test/fixtures/localhost.pem')
  const port = await freePort()
  const server = await startRedis({
    args: ['--port', '0', '--tls-port', String(port), '--tls-cert-file', pem, '--tls-key-file', pem, '--tls-ca-cert-file', pem, '--tls-auth-clients', 'no', '--requirepass', 'secret']
  })
  t.teardown(() => server.stop())
  const env = { REDIS_URL: `rediss://:secret@localhost:${port}`, POSTGRES_URL: postgresUrl(), NODE_EXTRA_CA_CERTS: pem }
  const printed = await run(process.execPath, ['dist/test/fixtures/versions/life.js'], { env })
  for (const engine of ['redis', 'redis, sandboxed', 'redis, with a worker']) t.match(printed, `${engine}, websocket\n`)
})
