import { ReadTimeoutError } from '../base/errors.js'
import { nextTurn } from '../base/turns.js'
import type { StoreCommands } from './engine.js'

/** The commands whose answers may be large. */
export type LargeReads = Pick<StoreCommands, 'readLogs' | 'readOutput'>

/** A connection that is used only for large reads. */
export interface ReaderConnection {
  commands: LargeReads
  close (): unknown
}

/** How many large reads run at a time. Further ones wait in this process, where they hold up nobody. */
const AT_A_TIME = 4

/** How often the store is asked for a sign of life during a large read, in ms. */
const SIGN_OF_LIFE = 100

/** How long one read may take from when it is sent, in ms. The time that the signs of life take is not counted. */
const LONGEST = 30_000

/**
 * Makes large reads over a connection of their own, so that answers of megabytes do not hold up small commands. The
 * connection opens with the first read. Callers that ask for the same thing at the same time share one read.
 * @param open opens the connection
 * @param isThere sends a small command over another connection. As long as it is answered, the read is merely large, or
 * its connection slow. If it rejects, the read rejects with the same error.
 * @returns the commands; they reject with `READ_TIMEOUT` if a read takes too long
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
          // The connection may be dead without an error. Close it: the next read opens another.
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
    // The key decides the command, and with it the type of the answer.
    const answer = await reading as Answer
    // Callers that share an answer go on in different turns of the event loop, as each may do long work with it.
    await nextTurn()
    return answer
  }

  return {
    readLogs: (queueName, jobId, from) => share(`${queueName} ${jobId} ${from}`, commands => commands.readLogs(queueName, jobId, from)),
    readOutput: (queueName, jobId) => share(`${queueName} ${jobId}`, commands => commands.readOutput(queueName, jobId)),
    close
  }
}

/** Runs at most `most` functions at a time. The others wait, and go on in the order in which they came. */
function limitTo (most: number): <Answer>(enter: () => Promise<Answer>) => Promise<Answer> {
  let inside = 0
  const waiting: Array<() => void> = []
  return async enter => {
    if (inside === most) await new Promise<void>(resolve => { waiting.push(resolve) })
    else inside++
    try {
      return await enter()
    } finally {
      // The place is handed over directly, so that a newcomer cannot take it before those who wait.
      const next = waiting.shift()
      if (next === undefined) inside--
      else next()
    }
  }
}
