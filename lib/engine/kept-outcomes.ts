import type { IQueueBackend } from 'bullmq'
import type { Patience } from './patience.js'
import { isGone } from './store-answers.js'

/** How long a job that a lost answer had fetched is locked until it is handed back, in ms. */
const HAND_BACK_TIME = 30_000

/** Keeps what attempts end in until the store has taken it, or has given the job to somebody else. */
export interface KeptOutcomes {
  /**
   * Has the backend of a BullMQ worker store outcomes again, and ask for jobs again with a pause. BullMQ stores again
   * only where the connection was refused, and takes any other error for one of the processor.
   */
  keep (backend: IQueueBackend): void
  /** The jobs whose outcome is being stored, each with the token of its lock. */
  locks (): Array<[jobId: string, token: string]>
  /** No further job is fetched. */
  close (): void
}

export function keepOutcomes (patience: Patience): KeptOutcomes {
  const storing = new Map<string, string>()
  /** Tokens whose question for a job got no answer: the store may have given one nevertheless. */
  const doubtful = new Set<string>()
  let closing = false

  /**
   * @param move is told whether it may fetch the next job
   * @param isTaken whether the job that is not this attempt's any more is as this attempt has left it, or final by
   * somebody else: canceled as it ended
   */
  const store = async <Answer>(jobId: string, token: string, move: (mayFetch: boolean) => Promise<Answer>, taken: Answer, isTaken: (again: boolean) => Promise<boolean>): Promise<Answer> => {
    storing.set(jobId, token)
    try {
      return await patience.untilAnswered(async again => {
        try {
          return await move(!again || !closing)
        } catch (error) {
          if (!isGone(error)) throw error
          if (again) doubtful.add(token)
          if (await isTaken(again)) return taken
          throw error
        }
      })
    } finally {
      if (storing.get(jobId) === token) storing.delete(jobId)
    }
  }

  /** BullMQ would ask for jobs again with a short pause or none, and tell each time, whatever the store says. */
  const ask = <Answer>(question: (again: boolean) => Promise<Answer>): Promise<Answer> => patience.untilAnswered(question, () => closing, () => false)

  return {
    keep (backend) {
      const original = {
        waitForJob: backend.waitForJob.bind(backend),
        moveStalledJobsToWait: backend.moveStalledJobsToWait.bind(backend),
        moveToActive: backend.moveToActive.bind(backend),
        moveToCompleted: backend.moveToCompleted.bind(backend),
        moveToFailed: backend.moveToFailed.bind(backend),
        moveToDelayed: backend.moveToDelayed.bind(backend),
        moveToWaitingChildren: backend.moveToWaitingChildren.bind(backend),
        moveJobFromActiveToWait: backend.moveJobFromActiveToWait.bind(backend),
        retryJob: backend.retryJob.bind(backend)
      }
      /** Where it is not final, its lock had run out before the outcome came. */
      const isFinal = (jobId: string) => async (): Promise<boolean> => await backend.isFinished(jobId) !== 0
      /** By now it may be anywhere, where this attempt may have moved it. */
      const isMoved = (jobId: string) => async (again: boolean): Promise<boolean> => again || await isFinal(jobId)()

      const handBackAll = async (): Promise<void> => {
        for (const token of doubtful) {
          const [active = []] = await backend.getRanges(['active'], 0, -1)
          const others = await backend.extendLocks(active, active.map(() => token), HAND_BACK_TIME)
          for (const jobId of active) if (!others.includes(jobId)) await original.moveJobFromActiveToWait(jobId, token)
          doubtful.delete(token)
        }
      }
      let handing: Promise<void> | undefined
      /** Else a job that nobody knows of would be active until its lock runs out. */
      const handBack = async (): Promise<void> => {
        while (doubtful.size > 0) await (handing ??= handBackAll().finally(() => { handing = undefined }))
      }

      Object.assign(backend, {
        moveToActive: (token, name) => ask(async () => {
          await handBack()
          try {
            return await original.moveToActive(token, name)
          } catch (error) {
            doubtful.add(token)
            throw error
          }
        }),
        waitForJob: timeout => ask(async again => {
          // As BullMQ does after an error; where that fails, waiting tells.
          if (again) await backend.reconnectBlocking().catch(() => {})
          return await original.waitForJob(timeout)
        }),
        moveStalledJobsToWait: () => ask(original.moveStalledJobsToWait),
        moveToCompleted: (job, output, remove, token, fetchNext) => store(job.id as string, token,
          mayFetch => original.moveToCompleted(job, output, remove, token, fetchNext && mayFetch),
          { result: undefined, finishedOn: Date.now() }, isFinal(job.id as string)),
        moveToFailed: (job, reason, remove, token, fetchNext, fields) => store(job.id as string, token,
          mayFetch => original.moveToFailed(job, reason, remove, token, fetchNext && mayFetch, fields),
          { result: undefined, finishedOn: Date.now() }, isFinal(job.id as string)),
        moveToDelayed: (jobId, timestamp, delay, token = '0', options = {}) => store(jobId, token,
          mayFetch => original.moveToDelayed(jobId, timestamp, delay, token, { ...options, fetchNext: options.fetchNext === true && mayFetch }),
          undefined, isMoved(jobId)),
        moveToWaitingChildren: (jobId, token, options) => store(jobId, token,
          () => original.moveToWaitingChildren(jobId, token, options), true, isMoved(jobId)),
        moveJobFromActiveToWait: (jobId, token = '0') => store(jobId, token,
          () => original.moveJobFromActiveToWait(jobId, token), 0, isMoved(jobId)),
        retryJob: (jobId, lifo, token = '0', options) => store(jobId, token,
          () => original.retryJob(jobId, lifo, token, options), undefined, isMoved(jobId))
      } satisfies Partial<IQueueBackend>)
    },

    locks: () => [...storing],
    close () { closing = true }
  }
}
