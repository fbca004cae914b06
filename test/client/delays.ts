import type { Test } from 'tap'

/** Lets the client's waits between two requests pass at once, and records for how long they were meant. Limits stay as they are. */
export function skipDelays (t: Test): number[] {
  const delays: number[] = []
  const real = globalThis.setTimeout
  t.intercept(globalThis, 'setTimeout', {
    value: (callback: () => void, ms: number, ...args: []) => {
      if (!/at sleep\b/.test(String(new Error().stack))) return real(callback, ms, ...args)
      // One that waits for what is past does not wait.
      if (ms > 0) delays.push(ms)
      return real(callback, 0)
    }
  })
  return delays
}

/** Random waits become the longest that they can be. */
export function noLuck (t: Test): void {
  t.intercept(Math, 'random', { value: () => 1 })
}

const running = new Map<unknown, { ms: number, callback: () => void }>()
const { setTimeout: start, clearTimeout: stop } = globalThis

/* The client's own timers are known from here on: the process has others, of servers and sockets, that come and go. */
globalThis.setTimeout = Object.assign((callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
  const timer = start((...args: unknown[]) => { running.delete(timer); callback(...args) }, ms, ...args)
  if (String(new Error().stack).includes('startTimer')) running.set(timer, { ms, callback })
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

/** The time of the client's timers of so many ms is over. */
export function timeIsOver (ms: number): void {
  for (const [timer, { ms: meant, callback }] of [...running]) {
    if (meant !== ms) continue
    clearTimeout(timer as NodeJS.Timeout)
    callback()
  }
}
