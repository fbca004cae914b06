import { mock } from 'node:test'
import type { Test } from 'tap'

/** Time passes only by its ticks, until the test ends. */
export function startClock (t: Test): { tick (ms: number): Promise<void> } {
  mock.timers.enable({ apis: ['setTimeout'] })
  const { now } = performance
  let time = Math.ceil(now.call(performance))
  performance.now = () => time
  t.teardown(() => {
    mock.timers.reset()
    performance.now = now
  })
  return {
    async tick (ms) {
      time += ms
      mock.timers.tick(ms)
      await settled()
    }
  }
}

/** Ends when all that is not waiting for a timer or the test has been done. */
export async function settled (): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}
