import type { Refusals } from './messages.js'
import type { Post } from './post.js'

/**
 * How long a lane waits for the worker's answer, in ms: at first, and at most. This matters when the processor blocks
 * its event loop, so that the lane gets no answers.
 */
const FIRST_PATIENCE = 250
const LONGEST_PATIENCE = 5_000

/** A part of what waits to leave the sandbox, as one message. */
export interface Parcel {
  toText: (id: number) => string
  /** Called when the worker has handled it. */
  settled: (refusals: Refusals) => void
}

/** One of the ways out of a sandbox. It has one message under way at a time: the worker says when it wants the next. */
export interface Lane {
  /** Call it when there is something to send. */
  wake (): void
  /** Resolves when the worker has handled everything, or nobody waits for that any more. */
  empty (): Promise<void>
  /** Sends nothing more, and waits for nothing. */
  end (): void
}

/** @param take takes the next parcel from what waits; undefined if nothing waits */
export function createLane (post: Post, take: () => Parcel | undefined): Lane {
  const underWay = new Set<Parcel>()
  let sentAt = -Infinity
  let ended = false
  let onEmpty: Array<() => void> = []

  /**
   * Whether the next message must wait for the worker's answer. A processor that blocks its event loop gets no answers.
   * Its reports go out all the same, but less and less often.
   */
  const mustWait = (): boolean =>
    underWay.size > 0 && performance.now() - sentAt < Math.min(FIRST_PATIENCE * 2 ** (underWay.size - 1), LONGEST_PATIENCE)

  const wake = (): void => {
    if (ended || mustWait()) return
    const parcel = take()
    if (parcel === undefined) return
    underWay.add(parcel)
    sentAt = performance.now()
    post.send(parcel.toText, refusals => { settle(parcel, refusals) })
  }
  const settle = (parcel: Parcel, refusals: Refusals): void => {
    if (!underWay.delete(parcel)) return
    parcel.settled(refusals)
    if (underWay.size > 0) return
    wake()
    if (underWay.size > 0) return
    for (const resolve of onEmpty) resolve()
    onEmpty = []
  }

  return {
    wake,
    async empty () { if (underWay.size > 0) await new Promise<void>(resolve => { onEmpty.push(resolve) }) },
    end () {
      ended = true
      for (const parcel of underWay) settle(parcel, {})
    }
  }
}
