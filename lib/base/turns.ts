const waiting: Array<() => void> = []

/**
 * Waits for a turn. In each turn of the event loop, one of all callers that wait goes on. Call it before each piece of
 * long work for one client, so that short requests of other clients are answered in between.
 */
export function nextTurn (): Promise<void> {
  return new Promise(resolve => {
    if (waiting.push(resolve) === 1) setImmediate(letOneIn)
  })
}

function letOneIn (): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(letOneIn)
}
