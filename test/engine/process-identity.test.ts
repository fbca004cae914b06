import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { identityOf } from '../../lib/engine/process-identity.js'

t.test('is that of one process', async t => {
  const own = await identityOf(process.pid)
  t.match(own, /^[0-9a-f-]{36} pid:\[\d+\] \d+$/)
  t.equal(await identityOf(process.pid), own)
  // The time of a start is told in hundredths of a second.
  await setTimeout(20)
  const child = spawn('sleep', ['60'], { argv0: 'a) b (c' })
  const ended = once(child, 'exit')
  const its = await identityOf(child.pid as number)
  t.match(its, own?.slice(0, own.lastIndexOf(' ')), 'in the same place')
  t.not(its, own)
  child.kill()
  await ended
  t.equal(await identityOf(child.pid as number), undefined)
  t.equal(await identityOf(NaN), undefined)
})
