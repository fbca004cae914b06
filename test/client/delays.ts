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

const running = new Set<unknown>()
const { setTimeout: start, clearTimeout: stop } = globalThis

/* The client's own timers are counted from here on: the process has others, of servers and sockets, that come and go. */
globalThis.setTimeout = Object.assign((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
  const timer = start((...args: unknown[]) => { running.delete(timer); callback(...args) }, ms, ...args)
  if (String(new Error().stack).includes('startTimer')) running.add(timer)
  return timer
}, start) as typeof start
globalThis.clearTimeout = timer => {
  running.delete(timer)
  stop(timer)
}

/** How many timers of the client run. */
export function runningTimers (): number {
  return running.size
}
