import { jsonOrText } from '../../base/json.js'
import { toError } from '../../base/thrown.js'
import { heard } from './heard.js'
import { createLane } from './lane.js'
import type { Post } from './post.js'

/** Sends the progress of a run out of the sandbox. Only the latest progress that waits goes out. */
export interface Progress {
  /** Resolves when the worker has taken this progress, or a later one in its place. */
  report (percent: number, message?: string): Promise<void>
  /** Resolves when the latest progress is out. */
  empty (): Promise<void>
  /** Sends nothing any more. */
  end (): void
}

interface Waiting {
  report: { percent: unknown, message: unknown }
  promise: Promise<void>
  resolve: () => void
  reject: (error: Error) => void
}

export function createProgress (post: Post): Progress {
  let waiting: Waiting | undefined
  const lane = createLane(post, () => {
    if (waiting === undefined) return undefined
    const { report, resolve, reject } = waiting
    waiting = undefined
    return {
      toText: id => JSON.stringify({ type: 'progress', id, ...report }),
      settled ({ 0: refused }) {
        if (refused === undefined) resolve()
        else reject(toError(refused))
      }
    }
  })
  return {
    report (percent, message) {
      const report = { percent: plain(percent), message: message === undefined ? undefined : plain(message) }
      if (waiting === undefined) waiting = { report, ...deferred() }
      else waiting.report = report
      const { promise } = waiting
      lane.wake()
      return promise
    },
    empty: lane.empty,
    end () {
      lane.end()
      waiting?.resolve()
      waiting = undefined
    }
  }
}

/** Makes a value that JSON keeps. The worker decides about odd values, as it does for processors in its own process. */
function plain (value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'string' ? value : jsonOrText(value)
}

function deferred (): Omit<Waiting, 'report'> {
  let settle: Pick<Waiting, 'resolve' | 'reject'> | undefined
  const promise = new Promise<void>((resolve, reject) => { settle = { resolve, reject } })
  // The promise has set it by now.
  return { promise: heard(promise), ...settle as Pick<Waiting, 'resolve' | 'reject'> }
}
