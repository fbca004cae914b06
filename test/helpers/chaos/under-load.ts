import type { Test } from 'tap'
import type { ClusterOptions } from '../cluster.js'
import { createClients, startLoad } from './clients.js'
import { printedBy, startFleet, type Fleet } from './fleet.js'
import { checkLedger, openLedger } from './ledger.js'
import { planJobs } from './plan.js'
import { createRequests, type Requests } from './requests.js'
import { checkStore } from './store.js'

/** Jobs a second. */
const RATE = 12

/** How long a request may take, in ms, with what a machine takes that has all of this to do. */
const PATIENCE = 3_000

/**
 * Lets something happen to a service that clients of all kinds are using, and then checks every job that was
 * acknowledged.
 */
export async function underLoad (t: Test, options: ClusterOptions, happen: (fleet: Fleet, requests: Requests) => Promise<void>): Promise<void> {
  const ledger = openLedger()
  const fleet = await startFleet(t, ledger.fault, { workers: 2, lockDuration: 3_000, maxStalledCount: 100, ...options })
  const requests = createRequests(ledger.fault, PATIENCE)
  const load = startLoad(createClients(fleet.target, requests, ledger), planJobs(1), RATE)
  await busy(requests)
  await happen(fleet, requests)
  // It goes on as before.
  await busy(requests)
  await load.stop()
  await checkLedger(ledger, requests, fleet.gateways, 30_000)
  await checkStore(fleet.redis, ledger)
  t.strictSame(ledger.faults.slice(0, 10), [], `no fault with ${ledger.entries.size} jobs`)
  t.strictSame(printedBy(fleet.members), [], 'nothing is printed')
  t.comment(`slowest answer: ${requests.slowest.ms} ms; ${[...requests.statuses].join('; ')}`)
}

/** Resolves when some more jobs were accepted. */
async function busy ({ statuses }: Requests): Promise<void> {
  const accepted = (): number => statuses.get('202') ?? 0
  const before = accepted()
  while (accepted() < before + 15) await new Promise(resolve => { setTimeout(resolve, 20) })
}
