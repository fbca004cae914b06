import type { Test } from 'tap'

/**
 * Lets the client's timers fire at once, and records for how long they were meant. Those of 20 s
 * and more, such as the limit of a status request, stay as they are; so do those of the platform's fetch.
 */
export function skipDelays (t: Test): number[] {
  const delays: number[] = []
  const real = globalThis.setTimeout
  t.intercept(globalThis, 'setTimeout', {
    value: (callback: () => void, ms: number, ...args: []) => {
      const caller = String(new Error().stack).split('\n')[2]
      if (!String(caller).includes('startTimer') || ms >= 20_000) return real(callback, ms, ...args)
      delays.push(ms)
      return real(callback, 0)
    }
  })
  return delays
}

/** Random waits become the longest that they can be. */
export function noLuck (t: Test): void {
  t.intercept(Math, 'random', { value: () => 1 })
}

/** How many timers keep the process alive. */
export function runningTimers (): number {
  return process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
}
