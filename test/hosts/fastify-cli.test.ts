import { freePort } from '../../scripts/server-process.mjs'
import { testHost } from '../helpers/host.js'
import { startHost } from '../helpers/host-process.js'

/* `fastify start`: closes the service on SIGTERM, within the time that it allows. */
testHost(async guest => startHost(guest, [
  'node_modules/fastify-cli/cli.js', 'start', '--address', '127.0.0.1', '--port', String(await freePort()), '--log-level', 'info', '--close-grace-delay', '10000',
  'dist/test/fixtures/hosts/cli-plugin.js'
]))
