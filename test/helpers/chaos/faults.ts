import { setTimeout as sleep } from 'node:timers/promises'
import type { Fleet } from './fleet.js'
import type { FaultKind, PlannedFault } from './plan.js'

/** How long a slow Redis answers, and how long it does not, in ms. */
const BREATH = 100

type Inject = (fleet: Fleet, fault: PlannedFault) => Promise<void>

const INJECT: Record<FaultKind, Inject> = {
  async 'redis killed' ({ server }, { lasts }) {
    await server.kill()
    await sleep(lasts)
    await server.restart()
  },
  async 'redis frozen' ({ server }, { lasts }) {
    server.pause()
    await sleep(lasts)
    server.resume()
  },
  async 'redis slow' ({ server }, { lasts }) {
    for (let ms = 0; ms < lasts; ms += 2 * BREATH) {
      server.pause()
      await sleep(BREATH)
      server.resume()
      await sleep(BREATH)
    }
  },
  async 'gateways cut off' (fleet) { await fleet.cut('gateway') },
  async 'workers cut off' (fleet) { await fleet.cut('worker') },
  async 'worker killed' (fleet, { target, lasts }) { await comeBack(await fleet.killWorker(target), lasts) },
  async 'worker terminated' (fleet, { target, lasts }) { await comeBack(await fleet.terminateWorker(target), lasts) },
  async 'gateway killed' (fleet, { target, lasts }) { await comeBack(await fleet.killGateway(target), lasts) },
  async 'gateway terminated' (fleet, { target, lasts }) { await comeBack(await fleet.terminateGateway(target), lasts) }
}

async function comeBack (restart: () => Promise<void>, after: number): Promise<void> {
  await sleep(after)
  await restart()
}

/** Lets faults happen, one after the other, until the signal aborts; the last one ends as planned. */
export async function injectFaults (fleet: Fleet, faults: Iterator<PlannedFault, never>, signal: AbortSignal, onFault: (fault: PlannedFault) => void): Promise<void> {
  while (!signal.aborted) {
    const fault = faults.next().value
    await sleep(fault.after, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    onFault(fault)
    await INJECT[fault.kind](fleet, fault)
  }
}
