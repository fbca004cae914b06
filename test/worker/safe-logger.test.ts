import t from 'tap'
import Fastify from 'fastify'
import { consoleLogger } from '../../lib/worker/console-logger.js'
import { safeLogger } from '../../lib/worker/safe-logger.js'
import type { JobLogger } from '../../lib/index.js'
import { logLines } from '../helpers/log-lines.js'
import { ODD_ERRORS, ODD_JOB_ERRORS } from '../helpers/odd-errors.js'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** A logger that keeps what it is told. */
function recorder (): { lines: unknown[], log: JobLogger } {
  const lines: unknown[] = []
  const at = (level: string) => (...line: unknown[]): void => { lines.push([level, ...line]) }
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}

t.test('passes on what it is told, as it is', async t => {
  const { lines, log } = recorder()
  const safe = safeLogger(log)
  const error = new Error('the reason')
  for (const level of LEVELS) {
    safe[level]('text')
    safe[level]({ err: error }, 'fields')
  }
  t.strictSame(lines, LEVELS.flatMap(level => [[level, 'text'], [level, { err: error }, 'fields']]))
  t.equal((lines[1] as Array<{ err: Error }>)[1]?.err, error)
})

t.test('pino and the console can write every error', async t => {
  const written = logLines()
  const { log } = Fastify({ logger: { level: 'debug', stream: written } })
  const onConsole = t.capture(console, 'warn')
  const odd = [...Object.entries(ODD_ERRORS).map(([name, [make]]) => [name, make] as const), ...Object.entries(ODD_JOB_ERRORS)]
  for (const safe of [safeLogger(log), safeLogger(log).child({ job: 'a-job' }), safeLogger<JobLogger>(consoleLogger)]) {
    for (const [name, make] of odd) safe.warn({ err: make() }, name)
  }
  const names = odd.map(([name]) => name)
  t.strictSame(written.lines().map(({ msg }) => msg), [...names, ...names])
  t.match(written.lines()[0], { level: 40, err: { type: 'TypeError', message: 'frozen', stack: /odd-errors/ } }, 'in all it says')
  t.match(written.lines()[odd.length], { job: 'a-job', err: { type: 'TypeError' } })
  t.strictSame(onConsole().map(({ args: [entry] }) => names.some(name => String(entry).startsWith(name))), names.map(() => true))
})

t.test('a logger that throws', async t => {
  const refuse = (..._line: unknown[]): never => { throw new Error('no logger') }
  const broken = safeLogger({ debug: refuse, info: refuse, warn: refuse, error: refuse, child: refuse })
  for (const level of LEVELS) {
    broken[level]('text')
    broken[level]({ a: 1 }, 'fields')
  }
  ;(broken.child as unknown as () => JobLogger)().info('also of its child')
  t.equal(safeLogger({} as JobLogger).warn('it has no methods'), undefined)
})

t.test('what else the logger can do stays', async t => {
  class Logger {
    #lines: string[] = []
    level = 'info'
    debug (): void {}
    info (line: unknown): void { this.#lines.push(String(line)) }
    warn (): void {}
    error (): void {}
    lines (): string[] { return this.#lines }
  }
  const safe = safeLogger(Object.freeze(new Logger()))
  safe.info('a')
  const { info } = safe
  info('b')
  t.strictSame(safe.lines(), ['a', 'b'])
  t.equal(safe.level, 'info')
  t.notOk('child' in safe)
})
