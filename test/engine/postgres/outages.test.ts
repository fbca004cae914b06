import t, { type Test } from 'tap'
import { UnsupportedPostgresVersionError } from 'bullmq'
import { isInterrupted, isOfConnection, watchPostgres, type PostgresOutages } from '../../../lib/engine/postgres/outages.js'
import { OptionInvalidError } from '../../../lib/base/errors.js'
import { eventually } from '../../helpers/service.js'

const UNREACHABLE = 'PostgreSQL is unreachable: no job is accepted, shown or worked on until it is back'
const BACK = 'PostgreSQL is back'

/** What is seen over a PostgreSQL that gives these answers, and then only good ones. */
function watch (t: Test, answers: unknown[], away?: unknown): { outages: PostgresOutages, lines: string[], renewed: () => number, asked: () => number } {
  const lines: string[] = []
  let renewed = 0
  let asked = 0
  const note = (_fields: object, message: string): void => { lines.push(message) }
  const outages = watchPostgres(async () => {
    asked++
    const answer = answers.shift()
    if (answer !== undefined) throw answer
  }, () => { renewed++ }, { info: note, warn: note }, away)
  t.teardown(() => { outages.close() })
  return { outages, lines, renewed: () => renewed, asked: () => asked }
}

const broken = (): Error => Object.assign(new Error('Connection terminated unexpectedly'), { client: { password: 'secret' } })

t.test('connections that break are no outage, and told now and then', async t => {
  const { outages, lines, renewed, asked } = watch(t, [])
  for (let n = 1; n < 4; n++) {
    t.ok(outages.note(broken()), 'it is told here')
    t.ok(outages.note(broken()))
    t.ok(outages.available)
    await eventually(async () => asked(), asked => asked === n)
    await eventually(async () => lines.length, lines => lines === 1)
  }
  t.match(lines, [/^Connections to PostgreSQL break/])
  t.equal(renewed(), 0)
})

t.test('connections that do not answer are exchanged', async t => {
  const { outages, renewed } = watch(t, [])
  t.ok(outages.note(new Error('Query read timeout')))
  await eventually(async () => renewed(), renewed => renewed === 1)
  t.ok(outages.available)
})

t.test('an outage is told once, and its end', async t => {
  const { outages, lines, renewed } = watch(t, [broken(), broken(), broken(), broken()])
  outages.note(broken())
  t.ok(outages.available, 'one that breaks is no outage')
  await eventually(async () => outages.available, available => !available)
  await eventually(async () => outages.available, available => available)
  t.strictSame(lines, [UNREACHABLE, BACK])
  t.equal(renewed(), 1)
})

t.test('one that was away from the start', async t => {
  const { outages, lines } = watch(t, [broken()], broken())
  t.notOk(outages.available)
  await eventually(async () => outages.available, available => available)
  t.strictSame(lines, [UNREACHABLE, BACK])
})

t.test('closed, it asks and tells nothing', async t => {
  const { outages, lines } = watch(t, [broken(), broken(), broken()])
  outages.note(broken())
  outages.close()
  t.notOk(outages.available)
  t.notOk(outages.note(broken()))
  await new Promise(resolve => { setTimeout(resolve, 100) })
  t.strictSame(lines, [])
})

t.test('what says something of the connection', async t => {
  const server = (code: string): Error => Object.assign(new Error('no'), { severity: 'FATAL', code })
  const cases: Array<[boolean, unknown]> = [
    [true, broken()],
    [true, new Error('timeout exceeded when trying to connect')],
    [true, Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    [true, Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })],
    ...['08006', '28P01', '3D000', '53300', '57P01', '57P03'].map((code): [boolean, unknown] => [true, server(code)]),
    ...['42501', '40001', '22P05', '42P01', '57014', 'BM001'].map((code): [boolean, unknown] => [false, server(code)]),
    [false, new TypeError('ours')],
    [false, new URIError('malformed')],
    [false, new OptionInvalidError('a', 'b', 'c')],
    [false, new UnsupportedPostgresVersionError('12', 13)],
    [false, 'nothing']
  ]
  for (const [is, error] of cases) t.equal(isOfConnection(error), is, String(error) + String((error as { code?: string }).code))
})

t.test('what says that a connection ended in the middle of a query', async t => {
  const coded = (code: string): Error => Object.assign(new Error('no'), { code })
  for (const error of [...['57P01', '57P05', '08006', 'ECONNRESET', 'EPIPE'].map(coded), new Error('Connection terminated'), new Error('Connection terminated unexpectedly'), new Error('Client has encountered a connection error and is not queryable')]) t.ok(isInterrupted(error), String(error))
  for (const error of [...['57P03', '53300', '57014', 'ECONNREFUSED'].map(coded), new Error('Connection terminated due to connection timeout'), new Error('Query read timeout'), 'nothing']) t.notOk(isInterrupted(error), String(error))
})
