/** The most that one turn of the event loop counts, in ms. */
const STEP = 50

/**
 * Starts a timer that does not count the time for which the event loop stands still. During such a pause, this process
 * has not read the store's answers, and may not have sent its commands.
 * @param ms how long the store has
 * @param act called once when the time is over
 * @returns a function that stops the timer
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
