import type { Job, JobOutput, JobStatus } from '../../types/job.js'
import { LIFE } from '../../lib/job/state.js'
import type { History } from './watchers.js'
import { isFinalJob } from './cluster.js'

/** Which statuses a job can have after one: what is told may leave out what came in between. */
const REACHABLE = reachable()

function reachable (): Map<JobStatus, Set<JobStatus>> {
  const map = new Map<JobStatus, Set<JobStatus>>()
  const add = (from: JobStatus, to: JobStatus): void => { map.set(from, (map.get(from) ?? new Set()).add(to)) }
  for (const { status, next } of Object.values(LIFE)) {
    for (const state of next) {
      add(status, LIFE[state].status)
      if (state === 'failed') add(status, 'canceled')
    }
  }
  for (const ways of map.values()) for (const way of ways) for (const further of map.get(way) ?? []) ways.add(further)
  return map
}

/**
 * What is wrong with what a watcher was told of a job, from its first event to its end.
 * @param chunk what the job writes as its chunk of this index, where this one was told
 * @param interrupted whether workers die: an attempt that loses its worker does not count, and begins anew
 */
export function faultsOf (history: History, jobId: string, chunk: (index: number, told: JobOutput) => { run: number, data: unknown }, interrupted = false): string[] {
  const faults: string[] = []
  const fault = (what: string, at: unknown): void => { faults.push(`${jobId}: ${what}: ${JSON.stringify(at)}`) }
  let before: Job | undefined
  let chunks = 0
  /** A job shows what was reported last: at the beginning of an attempt, that was by the one before. */
  let inherited = false
  for (const event of history) {
    if (before !== undefined && isFinalJob(before)) fault('told after its end', event)
    if (event.type === 'output') {
      checkOutput(event, chunks++)
    } else {
      if (event.job.jobId !== jobId) fault('another job', event)
      if (before?.attempt !== event.job.attempt) inherited = event.job.attempt > 1
      if (before !== undefined) checkChange(before, event.job)
      if (event.job.progress !== before?.progress && before?.attempt === event.job.attempt) inherited = false
      before = event.job
    }
  }
  if (before === undefined || !isFinalJob(before)) fault('does not end', before)
  return faults

  function checkOutput (told: JobOutput, expected: number): void {
    const { jobId: id, index, run, data } = told
    const wanted = { index: expected, jobId, ...chunk(expected, told) }
    if (JSON.stringify(wanted) !== JSON.stringify({ index, jobId: id, run, data })) fault('not the next chunk', { index, run, data, expected })
  }

  function checkChange (from: Job, to: Job): void {
    const at = [from, to].map(({ status, attempt, progress }) => ({ status, attempt, progress }))
    // A long poll may tell the same again.
    if (from.status !== to.status && !REACHABLE.get(from.status)?.has(to.status)) fault('its status goes back', at)
    if (interrupted) return
    if (to.attempt < from.attempt) fault('its attempt goes back', at)
    if (to.attempt === from.attempt) {
      if (to.progress < from.progress && !inherited) fault('its progress goes back', at)
      if (from.status === 'in_progress' && to.status === 'pending' && from.attempt === 0) fault('it was not begun', at)
      if (from.status === 'pending' && to.status === 'in_progress' && from.attempt > 0) fault('its attempt begins again', at)
    }
  }
}
