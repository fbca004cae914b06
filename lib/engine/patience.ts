import { isForGood } from './store-answers.js'

/** How long a question waits before it is asked again, in ms: at first, and at most. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1_000

/** How often the store refuses the same question before that is an outage: one connection that broke is none. */
const OUTAGE = 3

/** Asks the store again and again, so that nobody takes its trouble for something else. */
export interface Patience {
  /** Whether the store refuses what it is asked. Somebody has been told so. */
  readonly refused: boolean
  /**
   * Asks until there is an answer; one for good is thrown.
   * @param ask is told whether it is asked again: the store may have done it before, and only its answer was lost
   * @param isOver whether nobody waits for an answer any more: the last refusal is thrown
   * @param isAnswer which errors are answers: by default, those for good
   */
  untilAnswered<Answer> (ask: (again: boolean) => Promise<Answer>, isOver?: () => boolean, isAnswer?: (error: unknown) => boolean): Promise<Answer>
  /** Nothing is asked again. */
  end (): void
}

/**
 * @param onRefused called once when the store begins to refuse, with how many questions wait
 * @param onAnswered called once when all that waited is answered
 */
export function createPatience (onRefused: (error: unknown, waiting: number) => void, onAnswered: () => void): Patience {
  const refusals = new Set<object>()
  const ended = new AbortController()
  let told = false

  const pause = (ms: number): Promise<void> => new Promise(resolve => {
    const go = (): void => {
      clearTimeout(timer)
      ended.signal.removeEventListener('abort', go)
      resolve()
    }
    const timer = setTimeout(go, ms)
    ended.signal.addEventListener('abort', go)
  })

  const repeat = async <Answer>(self: object, ask: (again: boolean) => Promise<Answer>, isOver: () => boolean, isAnswer: (error: unknown) => boolean): Promise<Answer> => {
    for (let failures = 0; ;) {
      try {
        return await ask(failures > 0)
      } catch (error) {
        if (ended.signal.aborted || isOver() || isAnswer(error)) throw error
        refusals.add(self)
        if (++failures >= OUTAGE && !told) {
          told = true
          onRefused(error, refusals.size)
        }
      }
      await pause(Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE))
    }
  }

  return {
    get refused () { return told },
    async untilAnswered (ask, isOver = () => false, isAnswer = isForGood) {
      const self = {}
      try {
        return await repeat(self, ask, isOver, isAnswer)
      } finally {
        refusals.delete(self)
        if (told && refusals.size === 0) {
          told = false
          if (!ended.signal.aborted) onAnswered()
        }
      }
    },
    end () { ended.abort() }
  }
}
