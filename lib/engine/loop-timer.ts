/** The most that one turn of the event loop counts, in ms. */
const STEP = 50

/**
 * A timer that does not count how long the event loop stands still: what a store answered meanwhile has not been
 * read yet, and what it was to be asked may not have been sent.
 * @param ms how long the store has
 * @returns stops it
 */
export function startLoopTimer (ms: number, act: () => void): () => void {
  let timer: NodeJS.Timeout
  const wait = (left: number): void => {
    timer = setTimeout(() => {
      if (left <= STEP) act()
      else wait(left - STEP)
    }, Math.min(left, STEP))
  }
  wait(ms)
  return () => { clearTimeout(timer) }
}
