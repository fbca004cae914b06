import type { Test } from 'tap'
import { leaseEngine } from '../../lib/engine/index.js'
import { silent, uniqueName } from './engines.js'
import { readable } from '../../lib/job/stored-job.js'

const HOUR = 3_600_000

/** Has this process believe, until the test ends, that it is so much later. */
export function setClock (t: Test, ahead: number): void {
  const now = Date.now.bind(Date)
  t.intercept(Date, 'now', { value: () => now() + ahead })
}

/** What every store of another process promises: that it goes by its own clock. */
export async function testStoreClock (t: Test, connection: string): Promise<void> {
  for (const ahead of [HOUR, -HOUR]) {
    await t.test(`in a process that is ${ahead} ms ahead`, async t => {
      const { engine, release } = await leaseEngine(connection, {}, silent)
      t.teardown(release)
      const name = uniqueName()
      const queue = engine.openQueue(name)
      const [job] = await queue.addBulk(Array.from({ length: 200 }, () => ({ name, data: {} })))
      const jobId = job?.id as string
      const start = Date.now()
      const isRight = (time: number | undefined): boolean => time !== undefined && Math.abs(time - start) < HOUR / 2
      const oldest = async (): Promise<string | undefined> => {
        const source = engine.openEvents(name, () => {})
        const [event] = await source.read('0')
        await source.close()
        return event?.id
      }

      setClock(t, ahead)
      t.ok(isRight(await engine.now()))
      t.ok(isRight(readable(await engine.readJob(name, jobId, false))?.readAt))
      await engine.endJob(name, jobId, { pending: 'enough' })
      t.ok(isRight(readable(await engine.readJob(name, jobId, false))?.finishedOn))
      const first = await oldest()
      await engine.trimEvents(name, 600_000)
      t.equal(await oldest(), first, 'events of the last minutes stay')
      await engine.trimEvents(name, -1_000)
      await queue.add(name, {})
      t.not(await oldest(), first, 'older ones go')
    })
  }
}
