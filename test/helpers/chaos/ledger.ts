import { isDeepStrictEqual } from 'node:util'
import type { Job, Problem } from '../../../types/job.js'
import type { Script } from '../../fixtures/cluster/job.js'
import { isFinalJob } from '../cluster.js'
import type { Requests, Target } from './requests.js'

/** A job that was acknowledged, and what everybody was told of its end. */
export interface Entry {
  jobId: string
  script: Script
  /** `asked`: without an answer yet. */
  cancel: 'not' | 'asked' | 'confirmed' | 'too late'
  /** Who was told that it is final, and how. */
  ends: Array<{ by: string, job: Job }>
}

/** Every job that got a 202, and what is wrong with what became of it. */
export interface Ledger {
  enter (jobId: string, script: Script): Entry
  readonly entries: ReadonlyMap<string, Entry>
  readonly faults: string[]
  fault (what: string): void
}

export function openLedger (): Ledger {
  const entries = new Map<string, Entry>()
  const faults: string[] = []
  const fault = (what: string): void => { faults.push(what) }
  return {
    entries,
    faults,
    fault,
    enter (jobId, script) {
      const known = entries.get(jobId)
      if (known !== undefined) fault(`${jobId}: was acknowledged for two submissions`)
      const entry: Entry = known ?? { jobId, script, cancel: 'not', ends: [] }
      entries.set(jobId, entry)
      return entry
    }
  }
}

/** How many jobs are checked at the same time. */
const CHECKS = 20

/**
 * Reads every job through each gateway: it must be final, as everybody was told, and end as its script says.
 * Adds to the ledger's faults.
 * @param patience ms until all must be final
 */
export async function checkLedger ({ entries, fault }: Ledger, requests: Requests, gateways: Target[], patience: number): Promise<void> {
  const end = Date.now() + patience
  const waiting = [...entries.values()]
  const check = async (entry: Entry): Promise<void> => {
    const { jobId } = entry
    for (const [index, gateway] of gateways.entries()) {
      const job = await readEnd(requests, gateway, jobId, end)
      if (job === undefined) return fault(`${jobId}: is lost, or not final: ${JSON.stringify(entry.script)}`)
      entry.ends.push({ by: `gateway ${index}`, job })
      checkResult(entry, job, await requests.insist<Problem>(gateway, 'GET', `/result/${jobId}`), fault)
    }
    const [first, ...others] = entry.ends as [Entry['ends'][0], ...Entry['ends']]
    for (const other of others) {
      if (!isDeepStrictEqual(other.job, first.job)) fault(`${jobId}: ended twice: ${JSON.stringify([first, other])}`)
    }
    if (!endsOf(entry).some(({ status, attempt, code }) => first.job.status === status && (attempt === undefined || first.job.attempt === attempt) && first.job.error?.code === code)) {
      fault(`${jobId}: ends as ${JSON.stringify(first.job)}, cancel ${entry.cancel}, script ${JSON.stringify(entry.script)}`)
    }
  }
  await Promise.all(Array.from({ length: CHECKS }, async () => {
    for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) await check(entry)
  }))
}

/** The job, once it is final. */
async function readEnd (requests: Requests, gateway: Target, jobId: string, end: number): Promise<Job | undefined> {
  for (;;) {
    const wait = Math.max(0, Math.min(5, Math.floor((end - Date.now()) / 1_000)))
    const { status, body } = await requests.insist<Job>(gateway, 'GET', `/status/${jobId}?wait=${wait}`, { wait })
    if (status !== 200) return undefined
    if (isFinalJob(body)) return body
    if (wait === 0) return undefined
  }
}

function checkResult ({ jobId, script }: Entry, job: Job, { status, body }: { status: number, body: Problem }, fault: (what: string) => void): void {
  const expected = {
    completed: status === 200 && isDeepStrictEqual(body, { chunks: script.chunks }),
    failed: status === 409 && body.code === 'JOB_FAILED' && isDeepStrictEqual(body.error, job.error),
    canceled: status === 409 && body.code === 'JOB_CANCELED'
  }[job.status as 'completed']
  if (!expected) fault(`${jobId}: the result of a ${job.status} job is ${status} ${JSON.stringify(body)}`)
}

interface End { status: Job['status'], attempt?: number, code?: string }

/** How a job may end. */
export function endsOf ({ script, cancel }: Pick<Entry, 'script' | 'cancel'>): End[] {
  const { failures, end } = script
  const attempt = failures + 1
  const own: End = failures >= 3
    ? { status: 'failed', attempt: 3, code: 'PROCESSOR_ERROR' }
    : end === 'refuse' ? { status: 'failed', attempt, code: 'REFUSED' } : { status: 'completed', attempt }
  switch (cancel) {
    case 'not':
    case 'too late': return [own]
    case 'asked': return [own, { status: 'canceled' }]
    case 'confirmed': return [{ status: 'canceled' }]
  }
}
