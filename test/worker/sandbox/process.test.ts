import t from 'tap'
import type { End } from '../../../lib/worker/sandbox/carrier.js'
import { startChild } from '../../../lib/worker/sandbox/child.js'
import { startProcess } from '../../../lib/worker/sandbox/process.js'
import { ask, load, RUN, testLastWords } from '../../helpers/sandbox.js'

t.test('what a process says in the moment in which it exits', t => testLastWords(t, startProcess))

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
