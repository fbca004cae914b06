import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Redis } from 'ioredis'
import type { BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import { freePort } from '../../scripts/server-process.mjs'
import { redisDatabase, startExample } from '../helpers/example.js'
import { openPage, startBrowser, visit } from './open-page.js'

/* What a visitor of the example service sees, in a real browser. */

t.setTimeout(300_000)

const started = /\/result\/\$id; echo\n/
const REDIS_URL = redisDatabase(8)
const browser = await startBrowser(t)
const { origin } = await startExample(t, 'server.js', started, { REDIS_URL })

/** Some 3,000 characters: six sections. */
const STORY = `${'Alice met the White Rabbit on a lovely Monday in May. She was happy, and it was a wonderful day. '.repeat(3)}\n\n`.repeat(10)

type Pace = '0' | '100' | '500' | '2000'

async function submit (page: Page, { text = STORY, pace = '500' }: { text?: string, pace?: Pace } = {}): Promise<string> {
  await page.getByLabel('Reading pace').selectOption(pace)
  await page.getByLabel('The text to analyse').fill(text)
  const before = page.url()
  await page.getByRole('button', { name: 'Analyse' }).click()
  await page.waitForURL(url => url.href !== before && url.hash.length > 1)
  return new URL(page.url()).hash.slice(1)
}

async function pick (page: Page, book: string, pace: Pace): Promise<void> {
  await page.getByLabel('Reading pace').selectOption(pace)
  await page.getByLabel('Text', { exact: true }).selectOption({ value: book })
  await page.locator('#length:not(:text-is("0 characters"))').waitFor()
  await page.getByRole('button', { name: 'Analyse' }).click()
}

async function reaches (page: Page, status: string): Promise<void> {
  await page.locator(`.detail[data-status="${status}"]`).waitFor()
}

t.test('a book, from the empty page to the finished analysis', async t => {
  const page = await openPage(await visit(t, browser), origin)
  t.ok(await page.getByText('Watch a book being read').isVisible())
  t.equal(await page.getByRole('link', { name: 'API docs' }).getAttribute('href'), '/docs')

  await pick(page, 'alice-in-wonderland', '100')
  await reaches(page, 'in_progress')
  await page.locator('#in-use[data-transport="sse"]').waitFor()
  await page.locator('.message:text-matches("paragraph \\\\d+ of 818")').waitFor()

  const name = page.locator('mark[data-kind="name"]', { hasText: 'Alice' })
  await name.first().waitFor()
  t.ok(await page.locator('.unread').textContent(), 'found in what was read, while there is more to read')
  await page.locator('canvas[aria-label*="read up to"]').waitFor()

  await reaches(page, 'completed')
  const result = page.getByRole('region', { name: 'The finished analysis' })
  await result.waitFor()
  t.match(await result.locator('.facts').textContent(), '26,444')
  t.match(await result.locator('tbody tr').first().textContent(), /^Alicename\d+$/)
  t.match(await result.getByRole('img').first().getAttribute('aria-label'), /Names.*: Alice \d+/)
  t.equal(await page.locator('.unread').textContent(), '', 'all was read')
  t.ok(await name.count() > 300)
  t.equal(await page.locator('.detail progress').getAttribute('value'), '100')
  t.match(await page.locator('#announcer').textContent(), "Alice's Adventures in Wonderland: Completed")
  t.equal(await page.locator('#in-use').textContent(), 'nothing to follow')
})

t.test('what the form says to what cannot be analysed', async t => {
  const page = await openPage(await visit(t, browser), origin)
  const alert = page.locator('#form-error')
  await page.getByRole('button', { name: 'Analyse' }).click()
  t.match(await alert.textContent(), 'There is no text yet')
  t.equal(await page.evaluate('document.activeElement.id'), 'text')

  await page.evaluate('document.getElementById("text").value = "a ".repeat(600_000)')
  await page.getByRole('button', { name: 'Analyse' }).click()
  await alert.getByText('The text must not have more than 1,000,000 characters.').waitFor()
})

t.test('a text that the analysis refuses', async t => {
  const page = await openPage(await visit(t, browser), origin)
  await pick(page, 'die-verwandlung', '0')
  await reaches(page, 'failed')
  const panel = page.locator('.detail .panel')
  t.match(await panel.textContent(), /The analysis failed.*does not read as English.*NOT_ENGLISH/)
  t.equal(await panel.getAttribute('role'), 'alert')
  t.equal(await page.getByRole('button', { name: 'Cancel' }).isVisible(), false)

  await page.getByRole('button', { name: 'Use text again' }).click()
  await page.getByLabel('The text to analyse').fill(STORY)
  t.equal(await page.getByLabel('Text', { exact: true }).inputValue(), '', 'a book that was changed is the own text of the visitor')
  await page.getByRole('button', { name: 'Analyse' }).click()
  await reaches(page, 'completed')
})

t.test('a reload in the middle of a job, and its cancellation', async t => {
  const page = await openPage(await visit(t, browser), origin)
  const jobId = await submit(page, { pace: '2000' })
  await page.locator('.section').nth(1).waitFor()

  await page.reload()
  await reaches(page, 'in_progress')
  await page.locator('.section').nth(1).waitFor()
  t.ok(await page.locator('mark').count() > 0, 'what was found before the reload is there again')

  await page.getByRole('button', { name: 'Cancel' }).click()
  await reaches(page, 'canceled')
  await page.locator(`[data-job="${jobId}"] .badge[data-status="canceled"]`).waitFor()

  await page.reload()
  await reaches(page, 'canceled')
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByText('Watch a book being read').waitFor()
  t.equal(await page.locator('#jobs li').count(), 0)
})

t.test('a job that completed while the page was closed', async t => {
  const context = await visit(t, browser)
  const page = await openPage(context, origin)
  const jobId = await submit(page, { pace: '0' })
  await page.close()
  const again = await openPage(context, origin)
  await again.locator(`[data-job="${jobId}"] a`).click()
  await reaches(again, 'completed')
  await again.locator('.result').waitFor()
  await again.locator('mark', { hasText: 'White Rabbit' }).first().waitFor()
})

for (const transport of ['sse', 'websocket']) {
  t.test(`the server is killed and comes back in the middle of a job, followed by ${transport}`, async t => {
    const env = { REDIS_URL: redisDatabase(9), PORT: String(await freePort()) }
    const first = await startExample(t, 'server.js', started, env)
    const page = await openPage(await visit(t, browser), first.origin)
    await page.evaluate('window.neverReloaded = true')
    await page.getByLabel('Follow by').selectOption(transport)
    await submit(page, { pace: '500' })
    await page.locator('.section').first().waitFor()

    await first.stop('SIGKILL')
    await page.getByRole('alert').getByText('The server does not answer').waitFor()
    await page.locator('#in-use[data-state="away"]').waitFor()

    await startExample(t, 'server.js', started, env)
    await page.locator('#away').waitFor({ state: 'hidden' })
    await reaches(page, 'completed')
    await page.locator('.result').waitFor()
    t.equal(await page.locator('.unread').textContent(), '')
    t.equal(await page.evaluate('window.neverReloaded'), true)
  })
}

t.test('a server that is stopped hands its job to the next', async t => {
  const env = { REDIS_URL: redisDatabase(9), PORT: String(await freePort()) }
  const first = await startExample(t, 'server.js', started, env)
  const page = await openPage(await visit(t, browser), first.origin)
  await submit(page, { pace: '500' })
  await page.locator('.section').first().waitFor()
  t.equal(await first.stop('SIGTERM'), 0)
  await page.locator('#away').waitFor()
  await startExample(t, 'server.js', started, env)
  await reaches(page, 'completed')
})

t.test('a text that is submitted while the server is away is analysed once it is back, once', async t => {
  const env = { REDIS_URL: redisDatabase(9), PORT: String(await freePort()) }
  const first = await startExample(t, 'server.js', started, env)
  const page = await openPage(await visit(t, browser), first.origin)
  await first.stop('SIGKILL')
  await page.getByLabel('Reading pace').selectOption('0')
  await page.getByLabel('The text to analyse').fill(STORY)
  await page.getByRole('button', { name: 'Analyse' }).click()
  await page.getByRole('alert').getByText('The server does not answer').waitFor()
  t.equal(await page.locator('#submit').textContent(), 'Submitting…')
  await startExample(t, 'server.js', started, env)
  await reaches(page, 'completed')
  t.equal(await page.locator('#jobs li').count(), 1)
})

t.test('two tabs', async t => {
  const context = await visit(t, browser)
  const [one, two] = [await openPage(context, origin), await openPage(context, origin)]
  const jobId = await submit(one, { pace: '2000' })
  await two.locator(`[data-job="${jobId}"] a`).click()
  await reaches(two, 'in_progress')
  await two.getByRole('button', { name: 'Cancel' }).click()
  await Promise.all([reaches(one, 'canceled'), reaches(two, 'canceled')])
  await one.getByRole('button', { name: 'Remove finished' }).click()
  await two.locator(`[data-job="${jobId}"]`).waitFor({ state: 'detached' })
  await two.getByText('Watch a book being read').waitFor()
})

t.test('several jobs at once', async t => {
  const page = await openPage(await visit(t, browser), origin)
  const slow = await submit(page, { pace: '2000' })
  const quick = await submit(page, { pace: '100', text: `Quick. ${STORY}` })
  await page.locator(`[data-job="${quick}"] .badge[data-status="completed"]`).waitFor()
  await page.locator(`[data-job="${slow}"] .badge[data-status="in_progress"]`).waitFor()
  t.equal(await page.locator('#jobs li').first().getAttribute('data-job'), quick, 'the newest first')
  t.equal(await page.locator('#jobs a[aria-current]').count(), 1)
  await page.goBack()
  await reaches(page, 'in_progress')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await reaches(page, 'canceled')
})

for (const transport of ['sse', 'websocket', 'long-poll', 'poll']) {
  t.test(`followed by ${transport}, remembered over a reload`, async t => {
    const page = await openPage(await visit(t, browser), origin)
    await page.getByLabel('Follow by').selectOption(transport)
    await submit(page, { pace: '100' })
    await page.locator(`#in-use[data-transport="${transport}"]`).waitFor()
    await reaches(page, 'completed')
    await page.locator('.result').waitFor()
    await page.locator('mark').first().waitFor()
    await page.reload()
    t.equal(await page.getByLabel('Follow by').inputValue(), transport)
  })
}

t.test('another transport in the middle of a job', async t => {
  const page = await openPage(await visit(t, browser), origin)
  await submit(page, { pace: '500' })
  await page.locator('#in-use[data-transport="sse"]').waitFor()
  await page.locator('.section').first().waitFor()
  for (const transport of ['websocket', 'poll', 'sse']) {
    await page.getByLabel('Follow by').selectOption(transport)
    await page.locator(`#in-use[data-transport="${transport}"]`).waitFor()
  }
  await reaches(page, 'completed')
  const read = page.locator('.section')
  await page.locator('.unread:empty').waitFor({ state: 'attached' })
  t.equal((await read.allTextContents()).join('').trimEnd(), STORY.trimEnd(), 'nothing was told twice, nothing is missing')
})

t.test('jobs that are gone', async t => {
  const page = await openPage(await visit(t, browser), origin)
  const jobId = await submit(page, { pace: '0' })
  await reaches(page, 'completed')

  const redis = new Redis(REDIS_URL)
  t.teardown(() => redis.quit())
  await redis.hset(`bull:analysis:${jobId}`, 'finishedOn', Date.now() - 2 * 86_400_000)
  await page.reload()
  await page.locator('.panel', { hasText: 'This job has expired' }).waitFor()
  await page.locator(`[data-job="${jobId}"] .badge[data-status="gone"]`).waitFor()

  await page.goto(`${origin}/#3f0c9a52-nobody-knows`)
  await page.locator('.panel', { hasText: 'The server does not know this job' }).waitFor()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.locator(`[data-job="${jobId}"]`).waitFor()
  t.equal(await page.locator('#jobs li').count(), 1)
})

t.test('all of it by keyboard', async t => {
  const page = await openPage(await visit(t, browser), origin)
  const focused = async (): Promise<unknown> => page.evaluate('document.activeElement.id || document.activeElement.textContent')
  const seen: unknown[] = []
  for (let tabs = 0; tabs < 8; tabs++) {
    await page.keyboard.press('Tab')
    seen.push(await focused())
  }
  t.strictSame(seen, ['skip', 'API docs', 'transport', 'book', 'text', 'pace', 'submit', 'try'])
  await page.keyboard.press('Enter')
  await reaches(page, 'in_progress')
  t.equal(await focused(), 'detail-title', 'where the news are')
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'Cancel')
  await page.keyboard.press('Enter')
  await reaches(page, 'canceled')
})

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds serious or critical, and whether one has to scroll sideways. */
async function faults (page: Page): Promise<unknown[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate('axe.run()') as { violations: Array<{ id: string, impact: string, nodes: Array<{ html: string, failureSummary: string }> }> }
  const width = await page.evaluate('document.documentElement.scrollWidth - innerWidth') as number
  return [
    ...violations
      .filter(({ impact }) => ['serious', 'critical'].includes(impact))
      .map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)}: ${failureSummary}`)]),
    ...width > 0 ? [`${width} px too wide`] : []
  ]
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1280]) {
    t.test(`axe finds nothing serious, ${colorScheme}, ${width} px`, async t => {
      const context: BrowserContext = await visit(t, browser, { colorScheme, viewport: { width, height: 800 } })
      const page = await openPage(context, origin)
      t.strictSame(await faults(page), [], 'empty')
      await page.getByRole('button', { name: 'Analyse' }).click()
      t.strictSame(await faults(page), [], 'an error in the form')
      await submit(page, { pace: '2000' })
      await page.locator('.section').first().waitFor()
      t.strictSame(await faults(page), [], 'running')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await reaches(page, 'canceled')
      t.strictSame(await faults(page), [], 'canceled')
      await pick(page, 'die-verwandlung', '0')
      await reaches(page, 'failed')
      t.strictSame(await faults(page), [], 'failed')
      await submit(page, { pace: '0' })
      await page.locator('.result').waitFor()
      t.strictSame(await faults(page), [], 'completed')
    })
  }
}
