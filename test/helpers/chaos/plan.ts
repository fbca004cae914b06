import type { Script } from '../../fixtures/cluster/job.js'
import { createRandom } from '../random.js'

/** How a client learns of the end of its job. */
export const TRANSPORTS = ['sse', 'websocket', 'long-poll', 'submit-and-wait', 'client'] as const
export type Transport = typeof TRANSPORTS[number]

/** What one client does. */
export interface JobPlan {
  script: Script
  transport: Transport
  /** Sent with the submission, which then may be repeated. */
  key: string | undefined
  /** Whether it is submitted once more when it was acknowledged. */
  resubmit: boolean
  /** ms after its acknowledgement. */
  cancelAfter: number | undefined
  /** Hangs up after so many events. */
  breakAfter: number
}

/** Plans of jobs without end, the same for the same seed. */
export function * planJobs (seed: number): Generator<JobPlan, never, void> {
  const random = createRandom(seed)
  const integer = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1))
  for (let number = 0; ; number++) {
    const kind = random()
    const script: Script = { chunks: integer(0, 8), size: random() < 0.1 ? 2_000 : 0, pace: integer(0, 120), failures: 0, end: 'return' }
    if (kind < 0.05) script.end = 'never'
    else if (kind < 0.15) script.failures = integer(1, 2)
    else if (kind < 0.2) script.failures = 3
    else if (kind < 0.25) script.end = 'refuse'
    // One that is longer than a lock lasts.
    else if (kind < 0.28) Object.assign(script, { chunks: 20, pace: 200 })
    const transport = TRANSPORTS[integer(0, TRANSPORTS.length - 1)] as Transport
    const cancelAfter = script.end === 'never' || random() < 0.05 ? integer(0, 1_500) : undefined
    // One that does not end by itself must not be stored without anybody knowing.
    const keyed = script.end === 'never' || random() < 0.5
    yield {
      script,
      transport,
      key: keyed ? `${seed}-${number}` : undefined,
      resubmit: keyed && random() < 0.3,
      cancelAfter,
      breakAfter: random() < 0.2 ? integer(1, 4) : Infinity
    }
  }
}

/** What happens to the store, or to its connections. */
export const STORE_FAULTS = ['redis killed', 'redis frozen', 'redis slow', 'gateways cut off', 'workers cut off'] as const
/** What happens to the processes of the service. */
export const PROCESS_FAULTS = ['worker killed', 'worker terminated', 'gateway killed', 'gateway terminated'] as const
export type FaultKind = typeof STORE_FAULTS[number] | typeof PROCESS_FAULTS[number]

export interface PlannedFault {
  kind: FaultKind
  /** ms before it begins, after the one before has ended. */
  after: number
  /** ms that it lasts. */
  lasts: number
  /** Which gateway, or worker. */
  target: number
}

/**
 * Faults without end, each of these kinds as often, the same for the same seed.
 * @param longest ms that one lasts at most; most are short
 */
export function * planFaults (seed: number, kinds: readonly FaultKind[], longest: number): Generator<PlannedFault, never, void> {
  const random = createRandom(seed)
  for (;;) {
    yield {
      kind: kinds[Math.floor(random() * kinds.length)] as FaultKind,
      after: 1_000 + random() * 5_000,
      lasts: 500 + random() ** 3 * (longest - 500),
      target: Math.floor(random() * 6)
    }
  }
}
