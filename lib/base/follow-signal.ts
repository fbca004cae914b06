/** For each signal that is followed, the callbacks that its abort calls. */
const reactions = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Makes a signal that aborts when `followed` aborts, with the same reason. All followers of a signal share one
 * listener, because Node warns of a leak when a signal has more than ten.
 * @returns the signal, and `release`: call it when you no longer need the signal
 */
export function followSignal (followed: AbortSignal | undefined): { signal: AbortSignal, release: () => void } {
  const own = new AbortController()
  const { signal } = own
  if (followed === undefined) return { signal, release: () => {} }
  if (followed.aborted) return { signal: followed, release: () => {} }
  const abort = (): void => { own.abort(followed.reason) }
  const followers = reactions.get(followed) ?? listenTo(followed)
  followers.add(abort)
  return {
    signal,
    release () {
      if (followers.delete(abort) && followers.size === 0) unlisten(followed)
    }
  }
}

function listenTo (signal: AbortSignal): Set<() => void> {
  const followers = new Set<() => void>()
  reactions.set(signal, followers)
  signal.addEventListener('abort', react)
  return followers
}

function unlisten (signal: AbortSignal): void {
  reactions.delete(signal)
  signal.removeEventListener('abort', react)
}

function react ({ target }: Event): void {
  // Only listenTo adds this listener. So the target is a signal, and it has reactions.
  const signal = target as AbortSignal
  const followers = reactions.get(signal) as Set<() => void>
  unlisten(signal)
  for (const abort of followers) abort()
}
