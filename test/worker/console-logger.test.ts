import t from 'tap'
import { inspect } from 'node:util'
import { consoleLogger } from '../../lib/worker/console-logger.js'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

t.test('writes entries to the console', async t => {
  for (const level of LEVELS) {
    const written = t.capture(console, level)
    consoleLogger[level]('a message')
    consoleLogger[level]({ job: 'analysis' })
    consoleLogger[level]({ job: 'analysis', err: new Error('the reason') }, 'a message')
    const entries = written().map(({ args }) => args)
    t.strictSame(entries.slice(0, 2), [['a message'], ["{ job: 'analysis' }"]])
    t.match(entries[2], [/^a message \{\n {4}job: 'analysis',\n {4}err: Error: the reason\n {6}.*at /])
  }
})

t.test('no entry can be forged', async t => {
  const hostile = 'one\n{"level":50,"msg":"forged"}\r\nforged\u001b[2K\u001b[1Aforged\u0085\u2028\u202eforged\u0000\u009b31m\ttab'
  const written = t.capture(console, 'warn')
  consoleLogger.warn(hostile)
  consoleLogger.warn({ jobId: hostile, [hostile]: 1, err: new Error(hostile, { cause: new Error(hostile) }) }, hostile)
  for (const { args: [entry] } of written()) {
    const [first, ...rest] = String(entry).split('\n')
    t.match(first, /^one/)
    t.ok(rest.length > 0)
    t.strictSame(rest.filter(line => !line.startsWith('  ')), [], 'what is not the first line is indented')
    t.strictSame(String(entry).match(/[^\n\t -~]/gu), null, inspect(entry))
  }
})
