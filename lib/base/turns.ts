const waiting: Array<() => void> = []

/**
 * Waits for one's turn: one of all who wait here goes on in each turn of the event loop. Whoever does much for one
 * of many clients waits before each piece of it, so that requests which need little are answered in between.
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
