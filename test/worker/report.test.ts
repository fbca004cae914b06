import t from 'tap'
import type { JobReport } from '../../lib/engine/engine.js'
import { createPatience } from '../../lib/engine/patience.js'
import { createReporter, type Reporter, type ReporterOptions } from '../../lib/worker/report.js'
import { settled, startClock } from '../helpers/clock.js'
import { latch } from '../helpers/latch.js'

/** A store that keeps what it is told, or does what it is given to do. */
function reporterOn (options: Partial<ReporterOptions> = {}): { reporter: Reporter, reports: JobReport[], log: string[] } {
  const reports: JobReport[] = []
  const log: string[] = []
  const reporter = createReporter({
    run: 1,
    firstRow: async () => 0,
    untilAnswered: createPatience(() => {}, () => {}).untilAnswered,
    onLost: async () => {},
    onRefused: error => { throw error },
    maxOutputChunks: 100_000,
    maxOutputBytes: 10_000_000,
    ...options,
    store: async report => {
      const owned = await options.store?.(report) ?? true
      if (owned) {
        reports.push(report)
        // As the engines do: rows that are there already are not written twice.
        log.push(...report.rows.slice(Math.max(log.length - report.from, 0)))
      }
      return owned
    }
  })
  return { reporter, reports, log }
}

t.test('ten thousand reports in a second cost twenty writes at most, and lose nothing', async t => {
  const clock = startClock(t)
  const { reporter, reports, log } = reporterOn()
  for (let n = 0; n < 10_000; n++) {
    await reporter.progress(n / 100)
    await reporter.write(n)
    if (n % 10 === 0) await clock.tick(1)
  }
  t.ok(reports.length > 10 && reports.length <= 21, `${reports.length} writes in 1,000 ms, from the first on`)
  await reporter.flush()
  t.ok(reports.length <= 22)
  t.strictSame(log, Array.from({ length: 10_000 }, (_, n) => `output 1 ${n}`), 'in order')
  t.equal(reports.at(-1)?.progress, 99.99)
})

t.test('the first report is stored at once', async t => {
  const { reporter, reports } = reporterOn()
  await reporter.progress(5, 'reading')
  await reporter.flush()
  t.strictSame(reports, [{ progress: { percent: 5, message: 'reading' }, rows: [], from: 0 }])
})

t.test('a flush does not wait for the pause, but for what is under way', async t => {
  startClock(t)
  const end = latch()
  const begun = latch()
  let writes = 0
  const { reporter, reports } = reporterOn({ store: async () => { if (++writes === 1) { begun.open(); await end.promise } return true } })
  await reporter.write('a')
  const first = reporter.flush()
  await begun.promise
  await reporter.write('b')
  const second = reporter.flush()
  await settled()
  t.equal(writes, 1, 'one after the other')
  end.open()
  await Promise.all([first, second])
  t.strictSame(reports.map(({ from, rows }) => [from, rows]), [[0, ['output 1 "a"']], [1, ['output 1 "b"']]])
  await reporter.flush()
  t.equal(writes, 2, 'nothing is stored twice')
})

t.test('what a store refused is stored when it takes it', async t => {
  const refused = latch()
  const lost: JobReport[] = []
  let writes = 0
  const { reporter, reports, log } = reporterOn({
    store: async report => {
      if (++writes > 2) return true
      lost.push(report)
      if (writes === 2) refused.open()
      throw new Error('no store')
    }
  })
  await reporter.write('a')
  await reporter.progress(1)
  const flushed = reporter.flush()
  await refused.promise
  await reporter.write('b')
  await reporter.progress(2)
  await Promise.all([flushed, reporter.flush()])
  const first = { progress: 1, rows: ['output 1 "a"'], from: 0 }
  t.strictSame(lost, [first, first], 'the same again')
  t.strictSame(reports, [first, { progress: 2, rows: ['output 1 "b"'], from: 1 }], 'and then what was told meanwhile')
  t.strictSame(log, ['output 1 "a"', 'output 1 "b"'])
})

t.test('what a store will never take ends what is told', async t => {
  const refused = new TypeError('not even a report')
  const told: unknown[] = []
  let writes = 0
  const { reporter } = reporterOn({ store: async () => { writes++; throw refused }, onRefused: error => { told.push(error) } })
  await reporter.write('a')
  await reporter.flush()
  await reporter.write('b')
  await reporter.flush()
  t.strictSame(told, [refused], 'and is told once')
  t.equal(writes, 1)
})

t.test('a run writes behind the rows of those before it', async t => {
  let asked = 0
  const { reporter, reports } = reporterOn({ run: 3, firstRow: async () => { if (++asked === 1) throw new Error('no store'); return 7 } })
  await reporter.progress(1)
  await reporter.flush()
  t.equal(asked, 0, 'progress needs no row')
  await reporter.write('a')
  await reporter.flush()
  await reporter.write('b')
  await reporter.flush()
  t.strictSame(reports.slice(1), [{ progress: undefined, rows: ['output 3 "a"'], from: 7 }, { progress: undefined, rows: ['output 3 "b"'], from: 8 }])
  t.equal(asked, 2, 'asked until there was an answer, and then never again')
})

t.test('a run may write so much', async t => {
  const tooLarge = { name: 'JobError', code: 'OUTPUT_TOO_LARGE', retryable: false }
  const few = reporterOn({ maxOutputChunks: 2 }).reporter
  await few.write('a')
  await few.write('b')
  await t.rejects(few.write('c'), tooLarge)
  const small = reporterOn({ maxOutputBytes: 6 })
  await small.reporter.write('äb')
  await t.rejects(small.reporter.write('c'), tooLarge, 'the JSON counts, in UTF-8')
  await small.reporter.write(5)
  await small.reporter.flush()
  t.strictSame(small.log, ['output 1 "äb"', 'output 1 5'], 'what was refused leaves room for others')
  await t.rejects(reporterOn({ maxOutputChunks: 0 }).reporter.write(''), tooLarge)
})

t.test('a chunk that is not JSON', async t => {
  const { reporter, log } = reporterOn()
  await t.rejects(reporter.write(1n), { name: 'TypeError', message: 'is not JSON' })
  await t.rejects(reporter.write(undefined), { message: 'is not JSON, but of type undefined' })
  await reporter.flush()
  t.strictSame(log, [])
})

t.test('who writes faster than the store takes it has to wait', async t => {
  const end = latch()
  const { reporter } = reporterOn({ store: async () => { await end.promise; return true } })
  let written = false
  await reporter.write('x'.repeat(200_000))
  const waiting = reporter.write('x'.repeat(200_000)).then(() => { written = true })
  await settled()
  t.notOk(written)
  end.open()
  await waiting
})

t.test('who writes much waits for nothing but the store', async t => {
  startClock(t)
  const { reporter, reports, log } = reporterOn({ maxOutputBytes: 100_000_000 })
  const chunk = 'x'.repeat(10_000)
  // The clock stands still: a pause would not end.
  for (let n = 0; n < 3_000; n++) await reporter.write(chunk)
  await reporter.flush()
  t.equal(log.length, 3_000)
  t.ok(reports.length < 1_000, `${reports.length} writes`)
})

t.test('also where the store refuses it, until the run has ended', async t => {
  const refused = latch()
  const { reporter, log } = reporterOn({ store: async () => { refused.open(); throw new Error('no store') }, onRefused: () => { t.fail('nobody waits for it') } })
  let written = false
  const waiting = reporter.write('x'.repeat(300_000)).then(() => { written = true })
  await refused.promise
  await settled()
  t.notOk(written)
  reporter.end()
  await waiting
  t.strictSame(log, [])
})

t.test('a job that is somebody else\'s by now', async t => {
  let lost = 0
  const { reporter, reports } = reporterOn({ store: async () => false, onLost: async () => { lost++ } })
  await reporter.progress(1)
  await reporter.write('a')
  await reporter.flush()
  await reporter.progress(2)
  await reporter.write('b')
  await reporter.flush()
  t.equal(lost, 1, 'is told once')
  t.strictSame(reports, [])
})

t.test('after its end nothing is stored', async t => {
  const clock = startClock(t)
  const { reporter, reports } = reporterOn()
  await reporter.progress(1)
  reporter.end()
  await reporter.progress(2)
  await reporter.write('a')
  await clock.tick(1_000)
  await reporter.flush()
  t.strictSame(reports, [])
  reporterOn().reporter.end()
})

t.test('messages are cut, and become what every store takes', async t => {
  const { reporter, reports } = reporterOn()
  await reporter.progress(-5, `\0${'x'.repeat(2_000)}`)
  await reporter.flush()
  t.strictSame(reports[0]?.progress, { percent: 0, message: `\uFFFD${'x'.repeat(999)}` })
})
