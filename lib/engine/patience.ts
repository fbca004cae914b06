import { pause } from '../base/timer.js'
import { isForGood } from './store-answers.js'

/** How long a command waits before it is sent again, in ms: at first, and at most. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1_000

/**
 * How often the same command must fail before that counts as an outage. One failure may be a single broken connection.
 */
const OUTAGE = 3

/** Sends commands to the store again until it answers, so that nobody takes an outage for something else. */
export interface Patience {
  /** Whether the store refuses commands, and `onRefused` was called for that. */
  readonly refused: boolean
  /**
   * Sends a command until the store answers. An error that counts as an answer is thrown.
   * @param ask sends the command. `again` says whether it was sent before: the store may have run it then, and only the
   * answer was lost.
   * @param isOver whether nobody waits for the answer any more; then the last error is thrown. Default: never
   * @param isAnswer which errors count as answers. Default: those for which the same command would always fail
   * (`isForGood`)
   */
  untilAnswered<Answer> (ask: (again: boolean) => Promise<Answer>, isOver?: () => boolean, isAnswer?: (error: unknown) => boolean): Promise<Answer>
  /** From now on, no command is sent again. */
  end (): void
}

/**
 * @param onRefused called once when the store begins to refuse, with the number of commands that wait
 * @param onAnswered called once when all commands that waited are answered
 */
export function createPatience (onRefused: (error: unknown, waiting: number) => void, onAnswered: () => void): Patience {
  const refusals = new Set<object>()
  const ended = new AbortController()
  let told = false

  const repeat = async <Answer>(self: object, ask: (again: boolean) => Promise<Answer>, isOver: () => boolean, isAnswer: (error: unknown) => boolean): Promise<Answer> => {
    let failures = 0
    for (;;) {
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
      await pause(Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE), ended.signal)
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
