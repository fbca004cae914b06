import t from 'tap'
import { JobError, type JobLogger } from '../../../lib/index.js'
import { createLogLines, type LogLines } from '../../../lib/worker/sandbox/log-lines.js'
import { readSandboxMessage, type LogLine } from '../../../lib/worker/sandbox/messages.js'
import { createPost } from '../../../lib/worker/sandbox/post.js'
import { ODD_ERRORS, ODD_JOB_ERRORS } from '../../helpers/odd-errors.js'
import { startClock } from '../../helpers/clock.js'

const DROPPED = 'The processor logged more than could be taken from its sandbox: lines were dropped'

function open (): { lines: LogLines, sent: LogLine[][], done (): void } {
  const sent: LogLine[][] = []
  const post = createPost(text => {
    const message = readSandboxMessage(text)
    if (message?.type !== 'log') throw new Error('It is no message of ours')
    sent.push(message.lines)
  })
  return { lines: createLogLines(post), sent, done () { post.done(sent.length - 1, {}) } }
}

/** Lets the worker take all that waits. */
function drain ({ sent, done }: ReturnType<typeof open>): LogLine[] {
  for (let taken = 0; taken < sent.length; taken++) done()
  return sent.flat()
}

t.test('lines leave in order, so many at a time', async t => {
  startClock(t)
  const opened = open()
  for (let n = 0; n < 250; n++) opened.lines.write('info', { n }, 'hello')
  for (const size of [40_000, 40_000, 100_000, 1, 1]) opened.lines.write('debug', 'x'.repeat(size))
  const lines = drain(opened)
  t.strictSame(opened.sent.map(({ length }) => length), [1, 100, 100, 50, 1, 1, 2])
  t.strictSame(lines.slice(0, 250), Array.from({ length: 250 }, (_, n) => ({ level: 'info', fields: { n }, errors: {}, message: 'hello' })))
  await opened.lines.empty()
})

t.test('so many wait, and one line tells of those that were dropped', async t => {
  startClock(t)
  const opened = open()
  for (let n = 0; n < 90_000; n++) opened.lines.write('info', `${n}`)
  opened.lines.write('info', 'late')
  const lines = drain(opened)
  t.equal(lines.length, 10_002)
  t.strictSame(lines.slice(-2), [
    { level: 'info', fields: {}, errors: {}, message: '10000' },
    { level: 'warn', fields: { dropped: 80_000 }, errors: {}, message: DROPPED }
  ], 'in the end')
  opened.lines.write('info', 'now there is room')
  t.match(drain(opened).at(-1), { message: 'now there is room' })

  const long = open()
  for (let n = 0; n < 100; n++) long.lines.write('info', 'x'.repeat(100_000))
  t.match(drain(long).at(-1), { fields: { dropped: 57 } }, 'they count by their length, too')
})

t.test('whatever is logged', async t => {
  startClock(t)
  const opened = open()
  const { lines } = opened
  const write = lines.write as (level: keyof JobLogger, ...line: unknown[]) => void
  const cases: Array<[logged: unknown[], line: object]> = [
    [['text'], { message: 'text' }],
    [[{ a: 1 }], { fields: { a: 1 } }],
    [[{ err: new TypeError('no') }, 'failed'], { errors: { err: { name: 'TypeError', message: 'no' } }, message: 'failed' }],
    [[new Error('by itself')], { errors: { err: { message: 'by itself' } } }],
    [[{ err: new JobError('A', 'b', { data: 1n }) }], { errors: { err: { jobError: { code: 'A', data: '1n' } } } }],
    [[5], { message: '5' }],
    [[], { message: 'undefined' }],
    [[null], { fields: { unreadable: '[cannot be read]' } }],
    [[{ a: 1 }, 1n], { fields: { unreadable: '[cannot be read]' }, message: '1n' }],
    [[{ a: 1 }, { toJSON () { throw new Error('no') } }], { message: '{ toJSON: [Function: toJSON] }' }]
  ]
  for (const [logged] of cases) write('warn', ...logged)
  for (const [make] of Object.values(ODD_ERRORS)) write('warn', { err: make() })
  for (const make of Object.values(ODD_JOB_ERRORS)) write('warn', { err: make() })
  const told = drain(opened)
  t.match(told, cases.map(([, line]) => line))
  t.equal(told.length, cases.length + Object.keys(ODD_ERRORS).length + Object.keys(ODD_JOB_ERRORS).length)
})
