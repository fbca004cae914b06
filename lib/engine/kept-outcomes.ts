import type { IQueueBackend } from 'bullmq'
import type { Patience } from './patience.js'
import { isGone } from './store-answers.js'

/** The lock that a job gets while it is handed back, in ms: the store gave it to us in an answer that was lost. */
const HAND_BACK_TIME = 30_000

/** Keeps the outcomes of attempts until the store has taken them, or has given the job to another worker. */
export interface KeptOutcomes {
  /**
   * Makes the backend of a BullMQ worker repeat what fails: it stores outcomes again, and asks for jobs again after a
   * pause. BullMQ by itself stores an outcome again only if the connection was refused. It takes any other error for an
   * error of the processor.
   */
  keep (backend: IQueueBackend): void
  /** The jobs whose outcome is being stored, each with the token of its lock. */
  locks (): Array<[jobId: string, token: string]>
  /** From now on, a repeated command fetches no further job. */
  close (): void
}

/** @param patience sends the commands again */
export function keepOutcomes (patience: Patience): KeptOutcomes {
  const storing = new Map<string, string>()
  /** Lock tokens whose request for a job got no answer. The store may have given them a job nevertheless. */
  const doubtful = new Set<string>()
  let closing = false

  /**
   * Stores an outcome, again and again until the store answers.
   * @param move moves the job in the store; its argument says whether it may fetch the next job as well
   * @param ifMoved what to return if nothing is left to store
   * @param isMoved called when the store says that the job is not ours. True: nothing is left to store, because our command
   * ran before, or somebody else made the job final.
   */
  const store = async <Answer>(jobId: string, token: string, move: (mayFetch: boolean) => Promise<Answer>, ifMoved: Answer, isMoved: (again: boolean) => Promise<boolean>): Promise<Answer> => {
    storing.set(jobId, token)
    try {
      return await patience.untilAnswered(async again => {
        try {
          // Fetch the next job, unless this is a repetition while we close.
          return await move(!again || !closing)
        } catch (error) {
          if (!isGone(error)) throw error
          if (again) doubtful.add(token)
          if (await isMoved(again)) return ifMoved
          throw error
        }
      })
    } finally {
      if (storing.get(jobId) === token) storing.delete(jobId)
    }
  }

  /**
   * Asks for jobs until there is an answer. BullMQ by itself would ask again with a short pause or none, and log each
   * failure, whatever the store says. So no error counts as an answer here.
   */
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
      /** Whether a job is final. If it is not, its lock had run out before the outcome came. */
      const isFinal = (jobId: string) => async (): Promise<boolean> => await backend.isFinished(jobId) !== 0
      /**
       * Whether our command may have moved the job. If it was sent twice, assume so.
       */
      const isMoved = (jobId: string) => async (again: boolean): Promise<boolean> => again || await isFinal(jobId)()

      const handBackAll = async (): Promise<void> => {
        for (const token of doubtful) {
          const [active = []] = await backend.getRanges(['active'], 0, -1)
          // It returns the jobs whose lock has another token.
          const notOurs = await backend.extendLocks(active, active.map(() => token), HAND_BACK_TIME)
          for (const jobId of active) if (!notOurs.includes(jobId)) await original.moveJobFromActiveToWait(jobId, token)
          doubtful.delete(token)
        }
      }
      let handBackRunning: Promise<void> | undefined
      /**
       * Returns jobs to the queue that were fetched in a lost answer. Otherwise such a job would be active until its
       * lock runs out, and nobody would run it.
       */
      const handBack = async (): Promise<void> => {
        while (doubtful.size > 0) await (handBackRunning ??= handBackAll().finally(() => { handBackRunning = undefined }))
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
          // BullMQ reconnects in the same way after an error. If that fails, the wait below fails, too.
          if (again) await backend.reconnectBlocking().catch(() => {})
          return await original.waitForJob(timeout)
        }),
        moveStalledJobsToWait: () => ask(original.moveStalledJobsToWait),
        // A job that BullMQ moves has an id.
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
