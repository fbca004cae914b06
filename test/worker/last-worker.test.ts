import t from 'tap'
import { lastWorkerOf } from '../../lib/worker/last-worker.js'

t.test('resolves when the last worker of the host has closed', async t => {
  const host = {}
  const steps: string[] = []
  const [first, second] = [lastWorkerOf(host).add(), lastWorkerOf(host).add()]
  const closed = [lastWorkerOf(host).closed(), lastWorkerOf(host).closed()].map(waiting => waiting.then(() => { steps.push('closed') }))
  first()
  first()
  await lastWorkerOf({}).closed()
  steps.push('another host has none')
  second()
  await Promise.all(closed)
  t.strictSame(steps, ['another host has none', 'closed', 'closed'])
  await lastWorkerOf(host).closed()
})
