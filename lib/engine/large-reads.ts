import { ReadTimeoutError } from '../base/errors.js'
import { nextTurn } from '../base/turns.js'
import type { StoreCommands } from './engine.js'

/** The reads whose answers may be large. */
export type LargeReads = Pick<StoreCommands, 'readLogs' | 'readOutput'>

/** A connection for them alone. */
export interface ReaderConnection {
  commands: LargeReads
  close (): unknown
}

/** How many large answers are under way at a time. The others wait here, where they hold up nobody. */
const AT_A_TIME = 4

/** How often the store is asked for a sign of life while it sends a large answer, in ms. */
const SIGN_OF_LIFE = 100

/** How long one read may take, in ms, from when it is sent; signs of life come on top. */
const LONGEST = 30_000

/**
 * Large reads, over a connection of their own, opened when it is first needed: answers of megabytes hold up no
 * small command. What several ask for in the same moment is read once.
 * @param open the connection
 * @param isThere asks the store something small elsewhere. As long as that is answered, a read is merely large, or its
 * connection slow; where it rejects, the read does so with it, as soon as all others
 */
export function openLargeReads (open: () => ReaderConnection, isThere: () => Promise<unknown>): LargeReads & { close (): Promise<void> } {
  let connection: ReaderConnection | undefined
  const underWay = new Map<string, Promise<unknown>>()
  const enter = limitTo(AT_A_TIME)

  const close = async (): Promise<void> => {
    const closing = connection
    connection = undefined
    await closing?.close()
  }

  const read = async <Answer>(ask: (commands: LargeReads) => Promise<Answer>): Promise<Answer> => {
    connection ??= open()
    let over = false
    let timer: NodeJS.Timeout | undefined
    const lost = new Promise<never>((_resolve, reject) => {
      const watch = (left: number): void => {
        timer = setTimeout(() => {
          if (left > 0) {
            isThere().then(() => { if (!over) watch(left - SIGN_OF_LIFE) }, reject)
            return
          }
          // The connection may be dead, and nobody has told: the next read opens another.
          close().catch(() => {})
          reject(new ReadTimeoutError(String(LONGEST)))
        }, SIGN_OF_LIFE)
      }
      watch(LONGEST)
    })
    return await Promise.race([ask(connection.commands), lost]).finally(() => {
      over = true
      clearTimeout(timer)
    })
  }

  const share = async <Answer>(key: string, ask: (commands: LargeReads) => Promise<Answer>): Promise<Answer> => {
    const reading = underWay.get(key) ?? enter(() => read(ask)).finally(() => { underWay.delete(key) })
    underWay.set(key, reading)
    const answer = await reading as Answer
    // Whatever each of them does with it.
    await nextTurn()
    return answer
  }

  return {
    readLogs: (queueName, jobId, from) => share(`${queueName} ${jobId} ${from}`, commands => commands.readLogs(queueName, jobId, from)),
    readOutput: (queueName, jobId) => share(`${queueName} ${jobId}`, commands => commands.readOutput(queueName, jobId)),
    close
  }
}

/** Lets so many in at a time; the others in the order in which they came. */
function limitTo (most: number): <Answer>(enter: () => Promise<Answer>) => Promise<Answer> {
  let inside = 0
  const waiting: Array<() => void> = []
  return async enter => {
    if (inside === most) await new Promise<void>(resolve => { waiting.push(resolve) })
    else inside++
    try {
      return await enter()
    } finally {
      // A place goes from hand to hand: nobody who comes now gets before those who wait.
      const next = waiting.shift()
      if (next === undefined) inside--
      else next()
    }
  }
}
