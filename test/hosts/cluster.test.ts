import { testHost } from '../helpers/host.js'
import { startHost } from '../helpers/host-process.js'

/* Node's cluster module: two processes share a port. */
testHost(guest => startHost(guest, ['dist/test/fixtures/hosts/clustered.js']))
