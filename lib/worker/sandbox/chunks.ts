import { isJobError } from '../../base/errors.js'
import { toJsonText } from '../../base/json.js'
import { toError } from '../../base/thrown.js'
import { createOutputLimit, tooLarge, type OutputLimits } from '../output-limit.js'
import { heard } from './heard.js'
import { createLane } from './lane.js'
import type { Post } from './post.js'

/** The most chunks and bytes in one message. A single chunk may be larger. */
const MAX_CHUNKS = 100
const MAX_BYTES = 65_536

interface Chunk {
  json: string
  size: number
  resolve: () => void
  reject: (error: Error) => void
}

/** Sends the partial output of a run out of the sandbox. */
export interface Chunks {
  /** Resolves when the worker has taken the chunk, rejects if it was refused. */
  write (chunk: unknown): Promise<void>
  /** Resolves when all that waited is out. */
  empty (): Promise<void>
  /** Sends nothing any more. */
  end (): void
}

/**
 * @param onRefused called at once for a chunk that is refused here. A processor that writes for ever and never awaits
 * would otherwise not hear of it.
 */
export function createChunks (post: Post, limits: OutputLimits, onRefused: (error: Error) => void): Chunks {
  let waiting: Chunk[] = []
  const limit = createOutputLimit(limits)
  /**
   * The rejection for all chunks beyond the limit. A run may go on writing for ever, and a promise for each chunk would
   * cost memory.
   */
  let refusal: Promise<never> | undefined
  const refuse = (error: Error): Promise<never> => {
    onRefused(error)
    return heard(Promise.reject(error))
  }

  const takeSome = (): Chunk[] => {
    let bytes = 0
    const tooMany = waiting.findIndex(({ size }, index) => {
      bytes += size
      return index > 0 && (index >= MAX_CHUNKS || bytes > MAX_BYTES)
    })
    return waiting.splice(0, tooMany === -1 ? waiting.length : tooMany)
  }
  const lane = createLane(post, () => {
    const some = takeSome()
    return some.length === 0
      ? undefined
      : {
          toText: id => `{"type":"write","id":${id},"chunks":[${some.map(({ json }) => json).join()}]}`,
          settled (refusals) {
            for (const [index, { resolve, reject }] of some.entries()) {
              const refused = refusals[index]
              if (refused === undefined) resolve()
              else reject(toError(refused))
            }
          }
        }
  })

  return {
    write (chunk) {
      if (limit.isReached) return (refusal ??= refuse(tooLarge()))
      try {
        const json = toJsonText(chunk)
        const size = limit.admit(json)
        const taken = new Promise<void>((resolve, reject) => { waiting.push({ json, size, resolve, reject }) })
        lane.wake()
        return heard(taken)
      } catch (error) {
        // `toJsonText` throws a TypeError, `admit` a JobError.
        return isJobError(error) ? (refusal ??= refuse(error)) : refuse(error as TypeError)
      }
    },
    empty: lane.empty,
    end () {
      lane.end()
      for (const { resolve } of waiting) resolve()
      waiting = []
    }
  }
}
