import t from 'tap'
import type { Job } from '../../types/job.js'
import { createClients } from '../helpers/chaos/clients.js'
import { startFleet } from '../helpers/chaos/fleet.js'
import { checkLedger, openLedger, type Entry } from '../helpers/chaos/ledger.js'
import { TRANSPORTS } from '../helpers/chaos/plan.js'
import { createRequests } from '../helpers/chaos/requests.js'
import { checkStore } from '../helpers/chaos/store.js'
import { call } from '../helpers/cluster.js'

t.setTimeout(240_000)

const ROUNDS = 4
const SUBMISSIONS = 40
const SCRIPT = { chunks: 3, size: 0, pace: 100, failures: 0, end: 'return' as const }

t.test('a gateway that is killed right after it has accepted jobs', async t => {
  const ledger = openLedger()
  const fleet = await startFleet(t, ledger.fault)
  const requests = createRequests(ledger.fault, 1_500)
  const clients = createClients(fleet.target, requests, ledger)
  for (let round = 0; round < ROUNDS; round++) {
    const entries: Entry[] = []
    let killed: Promise<() => Promise<void>> | undefined
    const submit = async (): Promise<void> => {
      const reply = await call<Job>(fleet.gateways[round % 2 as 0], 'POST', '', { body: SCRIPT }).catch(() => undefined)
      if (reply === undefined) return
      t.equal(reply.status, 202)
      entries.push(ledger.enter(reply.body.jobId, SCRIPT))
      killed ??= fleet.killGateway(round)
    }
    await Promise.all(Array.from({ length: SUBMISSIONS }, submit))
    const following = entries.map((entry, index) => clients.follow(entry, TRANSPORTS[index % TRANSPORTS.length] as 'sse'))
    // They are followed at the other one, and at both when it is back.
    await (await killed)?.()
    await Promise.all(following)
    t.comment(`${entries.length} of ${SUBMISSIONS} were acknowledged`)
  }
  clients.close()
  await checkLedger(ledger, requests, fleet.gateways, 20_000)
  await checkStore(fleet.redis, ledger)
  t.ok(ledger.entries.size >= ROUNDS, 'there were some')
  t.strictSame(ledger.faults.slice(0, 10), [])
})
