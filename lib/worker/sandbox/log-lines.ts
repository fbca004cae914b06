import type { JobLogger } from '../../../types/processor.js'
import { textOf, UNREADABLE } from '../../base/text-of.js'
import { readFields } from '../log-fields.js'
import { createLane } from './lane.js'
import type { LogLine } from './messages.js'
import type { Post } from './post.js'

/** The most lines and characters in one message. A single line may be longer. */
const MAX_LINES = 100
const MAX_CHARACTERS = 65_536

/** How many lines and characters may wait. Beyond that, lines are dropped. */
const MAX_WAITING = 10_000
const MAX_CHARACTERS_WAITING = 4_194_304

/** Sends the log lines of a run out of the sandbox. */
export interface LogLines {
  write (level: keyof JobLogger, first: string | object, message?: string): void
  /** Resolves when all that waited is out. */
  empty (): Promise<void>
}

export function createLogLines (post: Post): LogLines {
  const waiting: string[] = []
  let characters = 0
  /**
   * How many lines were dropped. Once a line is dropped, all are, until what waited is out. Then one line, at the place
   * of the dropped ones, tells how many they were.
   */
  let dropped = 0

  const takeSome = (): string[] => {
    const some: string[] = []
    let length = 0
    for (const line of waiting) {
      if (some.length >= MAX_LINES || (some.length > 0 && length + line.length > MAX_CHARACTERS)) break
      some.push(line)
      length += line.length
    }
    waiting.splice(0, some.length)
    characters -= length
    if (waiting.length === 0 && dropped > 0) {
      some.push(toText('warn', { dropped }, 'The processor logged more than could be taken from its sandbox: lines were dropped'))
      dropped = 0
    }
    return some
  }
  const lane = createLane(post, () => {
    const some = takeSome()
    return some.length === 0 ? undefined : { toText: id => `{"type":"log","id":${id},"lines":[${some.join()}]}`, settled () {} }
  })

  return {
    write (level, first, message) {
      if (dropped > 0 || waiting.length >= MAX_WAITING || characters >= MAX_CHARACTERS_WAITING) dropped++
      else {
        const text = toText(level, first, message)
        waiting.push(text)
        characters += text.length
      }
      lane.wake()
    },
    empty: lane.empty
  }
}

function toText (level: keyof JobLogger, first: string | object, message?: string): string {
  try {
    return JSON.stringify(lineOf(level, first, message))
  } catch {
    return JSON.stringify({ level, fields: { unreadable: UNREADABLE }, errors: {}, message: textOf(message) } satisfies LogLine)
  }
}

function lineOf (level: keyof JobLogger, first: string | object, message?: string): LogLine {
  return typeof first === 'object' ? { level, ...readFields(first), message } : { level, fields: {}, errors: {}, message: textOf(first) }
}
