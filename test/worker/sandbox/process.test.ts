import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { End } from '../../../lib/worker/sandbox/carrier.js'
import { startChild } from '../../../lib/worker/sandbox/child.js'
import { startProcess } from '../../../lib/worker/sandbox/process.js'
import { ask, load, RUN, testLastWords } from '../../helpers/sandbox.js'

t.test('what a process says in the moment in which it exits', t => testLastWords(t, startProcess))

/** Kills a process that cannot be started, at once, and prints how it ended. */
const KILL_AT_ONCE = `
Object.defineProperty(process, 'execPath', { value: '/nowhere' })
const { startProcess } = await import(${JSON.stringify(import.meta.resolve('../../../lib/worker/sandbox/process.js'))})
const { kill } = startProcess(() => {}, ({ reason }) => { console.log(reason) })
kill()
`

t.test('killing a process that cannot be started harms no other', async t => {
  // In a process group of its own, so that it would harm only itself.
  const lonely = spawn(process.execPath, ['--input-type=module', '--eval', KILL_AT_ONCE], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed, [code, signal]] = await Promise.all([text(lonely.stdout), once(lonely, 'close')])
  t.strictSame([printed, code, signal], ['spawn /nowhere ENOENT\n', 0, null])
})

t.test('a process that cannot be started', async t => {
  t.intercept(process, 'execPath', { value: '/nowhere' })
  const { reason } = await new Promise<End>(resolve => {
    const { post, kill } = startProcess(() => {}, resolve)
    post('nobody hears it')
    kill()
  })
  t.equal(reason, 'spawn /nowhere ENOENT')
})

t.test('has the options of this one, but no port of its inspector', async t => {
  t.intercept(process, 'execArgv', { value: ['--inspect=127.0.0.1:9229', '--inspect-port=9229', '--no-deprecation'] })
  const child = startChild('process')
  t.teardown(() => child.kill())
  await ask(child, load('processor.js'))
  t.strictSame(await ask(child, { ...RUN, input: { do: 'tell options' } }), { type: 'completed', output: ['--inspect=0', '--inspect-port=0', '--no-deprecation'] })
})
