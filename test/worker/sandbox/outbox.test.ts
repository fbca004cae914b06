import t from 'tap'
import { createOutbox, type Outbox } from '../../../lib/worker/sandbox/outbox.js'
import { createPost } from '../../../lib/worker/sandbox/post.js'
import { LIMITS } from '../../helpers/sandbox.js'
import { startClock } from '../../helpers/clock.js'

interface Sent { id: number, type: string, lines?: Array<{ level: string, message: string }> }

function open (limits: Partial<typeof LIMITS> = {}): { outbox: Outbox, sent: Sent[], done (id: number): void } {
  const sent: Sent[] = []
  const post = createPost(text => { sent.push(JSON.parse(text) as Sent) })
  return { outbox: createOutbox(post, { ...LIMITS, ...limits }), sent, done (id) { post.done(id, {}) } }
}

t.test('each has its own way out', async t => {
  startClock(t)
  const { outbox, sent, done } = open()
  const told = [outbox.progress(1), outbox.write('a')]
  for (const level of ['debug', 'info', 'warn', 'error'] as const) outbox.log[level]('a')
  t.strictSame(sent.map(({ type }) => type), ['progress', 'write', 'log'])
  for (let id = 0; id < 4; id++) done(id)
  await Promise.all(told)
  t.strictSame(sent.flatMap(({ lines = [] }) => lines.map(({ level }) => level)), ['debug', 'info', 'warn', 'error'])
})

t.test('closes when all is out', async t => {
  startClock(t)
  const { outbox, sent, done } = open()
  await open().outbox.close()
  void outbox.progress(1)
  void outbox.write('a')
  outbox.log.info('a')
  let closed = false
  const closing = outbox.close().then(() => { closed = true })
  await outbox.progress(2)
  await outbox.write('b')
  outbox.log.info('b')
  t.notOk(closed)
  for (let id = 0; id < 3; id++) done(id)
  await closing
  t.equal(sent.length, 3, 'what is told later has no effect')
})

t.test('a run that must stop may only log', async t => {
  startClock(t)
  const { outbox, sent, done } = open()
  const told = [outbox.progress(1), outbox.progress(2), outbox.write('a'), outbox.write('b')]
  outbox.stop()
  await Promise.all([...told, outbox.progress(3), outbox.write('c')])
  outbox.log.info('clearing up')
  t.strictSame(sent.map(({ type }) => type), ['progress', 'write', 'log'])
  done(2)
  await outbox.close()
  const idle = open()
  idle.outbox.stop()
  await idle.outbox.write('a')
  t.strictSame(idle.sent, [])
})

t.test('one line tells of chunks that nobody waits for', async t => {
  startClock(t)
  const { outbox, sent } = open({ maxOutputChunks: 0 })
  for (let n = 0; n < 1_000; n++) void outbox.write(n)
  await t.rejects(outbox.write('a'), { code: 'OUTPUT_TOO_LARGE' })
  t.match(sent, [{ type: 'log', lines: [{ level: 'warn', message: /^A chunk of partial output was refused/, errors: { err: { jobError: { code: 'OUTPUT_TOO_LARGE' } } } }] }])
  t.equal(sent.length, 1)
})
