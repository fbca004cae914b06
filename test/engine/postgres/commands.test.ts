import t from 'tap'
import { leaseEngine } from '../../../lib/engine/index.js'
import { embeddedConnection, postgresUrl, silent, uniqueName } from '../../helpers/engines.js'
import { testStoreClock } from '../../helpers/store-clock.js'
import { testStoreCommands } from '../../helpers/store-commands.js'

t.test('on PostgreSQL', async t => { await testStoreCommands(t, postgresUrl()) })

t.test('the clock of PostgreSQL', async t => { await testStoreClock(t, postgresUrl()) })

t.test('on the embedded engine', async t => { await testStoreCommands(t, await embeddedConnection(t)) })

t.test('a queue without events', async t => {
  const { engine, release } = await leaseEngine(postgresUrl(), {}, silent)
  t.teardown(release)
  t.equal(await engine.latestEvent(uniqueName()), '0')
})
