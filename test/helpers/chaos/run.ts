import { setTimeout as sleep } from 'node:timers/promises'
import type { Scope } from '../processes.js'
import { createClients, startLoad } from './clients.js'
import { injectFaults } from './faults.js'
import { printedBy, startFleet } from './fleet.js'
import { checkLedger, openLedger, type Ledger } from './ledger.js'
import { planFaults, planJobs, PROCESS_FAULTS, STORE_FAULTS, type PlannedFault } from './plan.js'
import { createRequests, type Requests } from './requests.js'
import { checkStore } from './store.js'

export interface ChaosOptions {
  seed: number
  /** How long faults happen, in ms. */
  lasts: number
  /** Jobs a second. */
  rate: number
  /** The longest fault, in ms. */
  longest: number
  onFault? (fault: PlannedFault): void
}

export interface Outcome {
  ledger: Ledger
  requests: Requests
  faults: PlannedFault[]
  /** Messages that were logged, with how often. */
  logged: Map<string, number>
  /** Attempts that were begun anew, as their worker or their lock was lost. */
  repeated: number
}

/**
 * How long a request may take, in ms: up to three commands, of which each may take 0.9 s where Redis freezes again and
 * again, and what a machine takes that has all of this to do. That one answers within a second is for the other tests.
 */
const PATIENCE = 4_000

/** Two gateways and three workers at work, while their store and they themselves fail at random. */
export async function runChaos (scope: Scope, { seed, lasts, rate, longest, onFault }: ChaosOptions): Promise<Outcome> {
  const ledger = openLedger()
  const fleet = await startFleet(scope, ledger.fault, { workers: 3, concurrency: 20, lockDuration: 3_000, maxStalledCount: 1_000 })
  const requests = createRequests(ledger.fault, PATIENCE)
  const load = startLoad(createClients(fleet.target, requests, ledger), planJobs(seed), rate)
  const faults: PlannedFault[] = []
  const end = new AbortController()
  // Two of them at a time: so it happens that a process must close while the store is away.
  const injecting = [STORE_FAULTS, PROCESS_FAULTS].map((kinds, index) =>
    injectFaults(fleet, planFaults(seed + index, kinds, longest), end.signal, fault => {
      faults.push(fault)
      onFault?.(fault)
    }))
  await sleep(lasts)
  end.abort()
  await Promise.all(injecting)
  await load.stop()
  await checkLedger(ledger, requests, fleet.gateways, 60_000)
  const repeated = await checkStore(fleet.redis, ledger)
  for (const line of printedBy(fleet.members)) ledger.fault(`a process printed: ${line}`)
  const logged = new Map<string, number>()
  for (const { msg, err } of fleet.members.flatMap(({ log }) => log)) {
    const text = err === undefined ? msg : `${msg}: ${err.message.replace(/[\w-]{36}(?::\d+)?/g, '…')}`
    logged.set(text, (logged.get(text) ?? 0) + 1)
  }
  return { ledger, requests, faults, logged, repeated }
}
