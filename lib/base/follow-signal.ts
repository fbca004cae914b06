/** What is to happen when a signal aborts. */
const reactions = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * A signal of one's own that aborts with another one. However many follow the same, that one has a single listener:
 * of more than ten, Node warns its owner.
 * @returns to be let go of when it is no longer needed
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
  const signal = target as AbortSignal
  const followers = reactions.get(signal) as Set<() => void>
  unlisten(signal)
  for (const abort of followers) abort()
}
