import { readFileSync } from 'node:fs'
import { Value } from '@sinclair/typebox/value'
import type { JobContext } from 'fastify-async-jobs'
import t from 'tap'
import analyseByDefault, { analyse } from '../../examples/analysis/analyse.js'
import { analysis, type Section } from '../../examples/analysis/analysis.job.js'
import { isEnglish } from '../../examples/analysis/english.js'
import { splitIntoPieces } from '../../examples/analysis/pieces.js'
import { endOf } from '../../examples/analysis/range.js'
import { wordsOf } from '../../examples/analysis/readability.js'

type Report = { percent: number, message: string | undefined }

const alice = textOf('alice-in-wonderland')
const sawyer = textOf('tom-sawyer')
const opticks = textOf('opticks')

t.test('every text gives an output that keeps the contract, and reports how far it is', async t => {
  for (const text of [alice, sawyer, opticks]) {
    const { context, reports } = fakeContext()
    const output = await run(text, context)

    t.same([...Value.Errors(analysis.output, output)], [])
    t.equal(output.statistics.characters, text.length)
    t.ok(output.statistics.words > 15_000 && output.statistics.words < 30_000)
    t.ok(output.sentiment.bySection.length >= 20 && output.sentiment.bySection.length <= 40)
    t.ok(new Set(output.sentiment.bySection.map(({ score }) => score)).size > 10, 'the sentiment moves')
    t.equal(output.keySentences.length, 5)
    t.ok(output.keySentences.every(sentence => text.replace(/\s+/g, ' ').includes(sentence)))

    t.ok(reports.every(({ percent }, index) => index === 0 || percent > reports[index - 1]!.percent), 'progress only rises')
    t.same(reports.map(({ percent }) => percent), output.sentiment.bySection.map(({ position }) => position))
    t.equal(reports.at(-1)?.percent, 100)
    const { paragraphs } = output.statistics
    t.equal(reports.at(-1)?.message, `paragraph ${paragraphs} of ${paragraphs}`)
  }
})

t.test('what it writes meanwhile covers the text without a gap, and tells what is where', async t => {
  const { context, sections } = fakeContext()
  const { sentiment } = await run(alice, context)
  t.same(sections.map(({ position, score }) => ({ position, score })), sentiment.bySection)
  t.equal(sections[0]?.from, 0)
  t.equal(sections.at(-1)?.to, alice.trimEnd().length)
  for (const [index, { from, to, entities }] of sections.entries()) {
    if (index > 0) t.equal(from, sections[index - 1]?.to)
    const part = alice.slice(from, to).replace(/\s+/g, ' ').toLowerCase()
    const names = entities.filter(({ type }) => type === 'NAME')
    // A name within a genitive reads otherwise in the text.
    const there = names.filter(({ value }) => part.includes(value.toLowerCase()))
    t.ok(there.length > 0.9 * names.length, part.slice(0, 40))
  }
})

t.test('a section of nothing but names tells some of them', async t => {
  const { context, sections } = fakeContext()
  await run(Array.from({ length: 900 }, (_, index) => `The man met Mr. X${'abcdefghij'[index % 10]}${index} and was glad to be with him.`).join('\n\n'), context)
  t.ok(sections.every(({ entities }) => entities.length <= 150))
})

t.test('where a piece of the text ends', async t => {
  const text = ' One\ntwo.\r\n\r\n Three '
  t.equal(text.slice(0, endOf(text, 0, 'One two.')), ' One\ntwo.')
  t.equal(endOf(text, endOf(text, 0, 'One two.'), 'Three'), text.length - 1)
  t.equal(text.slice(0, endOf(text, 0, 'On')), ' On', 'in the middle of a word')
  t.equal(endOf(text, 0, text.repeat(2)), text.length)
})

t.test('it reads English only', async t => {
  const kafka = textOf('die-verwandlung')
  await t.rejects(run(kafka), { name: 'JobError', code: 'NOT_ENGLISH', status: 422, retryable: false })
  for (const text of [alice, sawyer, opticks]) t.equal(isEnglish(wordsOf(text)), true)
  t.equal(isEnglish(wordsOf(kafka)), false)
  t.equal(isEnglish(wordsOf(kafka).slice(0, 19)), undefined, 'too short to tell')
})

t.test('its pace can be slowed down, and an abort does not wait for that', { timeout: 10_000 }, async t => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const { context, reports } = fakeContext({ signal: controller.signal, onReport: () => { if (reports.length === 2) setImmediate(() => { controller.abort(reason) }) } })
  await t.rejects(run(alice, fakeContext({ signal: AbortSignal.abort(reason) }).context, 1), reason)
  const begun = performance.now()
  await t.rejects(run(alice, context, 100), reason)
  t.equal(reports.length, 2)
  t.ok(performance.now() - begun >= 99, 'one rest was taken')
})

t.test('it finds who and what a text is about', async t => {
  const [ofAlice, ofSawyer, ofOpticks] = await Promise.all([run(alice), run(sawyer), run(opticks)])

  t.match(ofAlice.entities[0], { value: 'Alice', type: 'NAME' })
  t.ok(namesIn(ofAlice).includes('Mock Turtle'))
  t.match(ofAlice.keywords[0], { term: 'alice' })

  t.match(ofSawyer.entities[0], { value: 'Tom', type: 'NAME' })
  t.ok(namesIn(ofSawyer).includes('Aunt Polly'))
  t.ok(ofSawyer.keywords.some(({ term }) => term === 'pirate'))

  t.match(ofOpticks.keywords[0], { term: 'light' })
  t.ok(easeOf(ofAlice) > easeOf(ofOpticks) + 20, 'Carroll is easier to read than Newton')

  for (const { entities, keywords } of [ofAlice, ofSawyer, ofOpticks]) {
    for (const counts of [entities, keywords].map(list => list.map(({ count }) => count))) {
      t.same(counts, counts.toSorted((a, b) => b - a), 'the most frequent ones first')
    }
    t.notOk(keywords.some(({ term }) => ['the', 'she', 'and', "i'm"].includes(term)))
  }
})

t.test('it feels the difference', async t => {
  const good = await run('What a wonderful, happy day. I love it.')
  const bad = await run('What a terrible, sad day. I hate it.')
  t.ok(good.sentiment.score > 0.3)
  t.ok(bad.sentiment.score < -0.3)
})

t.test('a second attempt gives the same output', async t => {
  t.same(await run(alice), await run(alice))
})

t.test('the examples in the contract are true', async t => {
  const [input] = analysis.input.examples as [{ text: string, title: string }]
  t.same([...Value.Errors(analysis.input, input)], [])
  t.same(await analyse(input, fakeContext().context), analysis.output.examples[0])
})

t.test('texts with little or nothing in them', async t => {
  for (const text of ['Hello', 'a', ' ', '\n \n\t\n', '...', '?! -- ...', '* * *\n\n* * *', '😀', '\ud800', '日本語', '42', '://'.repeat(500)]) {
    const { context, reports } = fakeContext()
    const output = await run(text, context)
    t.same([...Value.Errors(analysis.output, output)], [], JSON.stringify(text.slice(0, 20)))
    t.strictSame(JSON.parse(JSON.stringify(output)), output, 'survives JSON: no NaN, no undefined')
    t.equal(reports.at(-1)?.percent, output.statistics.paragraphs > 0 ? 100 : undefined)
  }
  t.equal((await run('...')).readability.fleschReadingEase, null)
})

t.test('an abort stops it before the next piece', async t => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const { context, reports } = fakeContext({
    signal: controller.signal,
    onReport: () => { if (reports.length === 3) controller.abort(reason) }
  })
  await t.rejects(run(alice, context), reason)
  t.equal(reports.length, 3)

  const late = fakeContext({ signal: AbortSignal.abort(reason) })
  await t.rejects(run(alice, late.context), reason)
  t.equal(late.reports.length, 0)
})

t.test('a report that cannot be stored fails the attempt', async t => {
  const reason = new Error('store away')
  const { context } = fakeContext({ onReport: () => { throw reason } })
  await t.rejects(run(alice, context), reason)
})

t.test('everything else in the process gets its turn between two pieces', async t => {
  let turns = 0
  let running = true
  setImmediate(function turn () {
    turns++
    if (running) setImmediate(turn)
  })
  await run(alice)
  running = false
  t.ok(turns >= splitIntoPieces(alice).length)
})

t.test('pieces are short and lose nothing', async t => {
  const prose = opticks.replace(/\s+/g, ' ').trim()
  for (const paragraph of [prose, 'x'.repeat(5000), 'x '.repeat(5000).trim()]) {
    const pieces = splitIntoPieces(`One.\r\n\r\n${paragraph}\n \t\nTwo.`)
    t.ok(pieces.every(({ text }) => text.length > 0 && text.length <= 800))
    t.same(pieces.at(0), { text: 'One.', paragraph: 1 })
    t.same(pieces.at(-1), { text: 'Two.', paragraph: 3 })
    t.equal(pieces.slice(1, -1).map(({ text }) => text).join(''), paragraph)
    t.ok(pieces.slice(1, -1).every(piece => piece.paragraph === 2))
  }
})

t.test('the module can be given by its URL', async t => {
  t.equal(analyseByDefault, analyse)
})

type Output = Awaited<ReturnType<typeof run>>

async function run (text: string, context = fakeContext().context, pace = 0) {
  return await analyse({ text, pace }, context)
}

function namesIn ({ entities }: Output): string[] {
  return entities.filter(({ type }) => type === 'NAME').map(({ value }) => value)
}

function easeOf ({ readability }: Output): number {
  return readability.fleschReadingEase ?? NaN
}

function textOf (name: string): string {
  return readFileSync(`examples/texts/${name}.txt`, 'utf8')
}

function fakeContext ({ signal = new AbortController().signal, onReport = () => {} } = {}) {
  const reports: Report[] = []
  const sections: Section[] = []
  const silent = () => {}
  const context: JobContext = {
    jobId: 'test',
    attempt: 1,
    maxAttempts: 3,
    signal,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    write: async chunk => { sections.push(chunk as Section) },
    progress: async (percent, message) => {
      reports.push({ percent, message })
      onReport()
    }
  }
  return { context, reports, sections }
}
