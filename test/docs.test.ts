import t from 'tap'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/* What readers need of README.md, the guides and the decisions: links that lead somewhere, pages that are short, and a way to each of them. */

const README = 'README.md'
const CONTRIBUTING = 'CONTRIBUTING.md'
const GUIDES = pagesIn('docs')
const DECISIONS = 'docs/decisions/README.md'
const RECORDS = pagesIn('docs/decisions').filter(page => page !== DECISIONS)
const PAGES = [README, 'CHANGELOG.md', CONTRIBUTING, 'SECURITY.md', ...GUIDES, DECISIONS, ...RECORDS]

/** A link as it is written, and the file and the heading that it names. */
interface Link {
  written: string
  file: string
  anchor: string | undefined
}

const texts = new Map(PAGES.map(page => [page, readFileSync(page, 'utf8')]))

function pagesIn (folder: string): string[] {
  return readdirSync(folder).filter(name => name.endsWith('.md')).sort().map(name => `${folder}/${name}`)
}

/** Without code, in which nothing is a link or a heading. */
function proseOf (page: string): string {
  return textOf(page).replace(/^```[\s\S]*?^```/gm, '')
}

function textOf (page: string): string {
  return texts.get(page) ?? readFileSync(page, 'utf8')
}

function linksOf (page: string): Link[] {
  const prose = proseOf(page).replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, written]) => written as string)
    .filter(written => !/^[a-z]+:/.test(written))
    .map(written => {
      const [path = '', anchor] = written.split('#')
      return { written, file: path === '' ? page : normalize(join(dirname(page), path)), anchor }
    })
}

/** The anchors that GitHub gives to headings: a number tells those apart that read the same. */
function anchorsOf (page: string): string[] {
  const counts = new Map<string, number>()
  return headingsOf(page, '#{1,6}').map(heading => {
    const anchor = toAnchor(heading)
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
}

function headingsOf (page: string, marks: string): string[] {
  return [...proseOf(page).matchAll(new RegExp(`^${marks} (.+)$`, 'gm'))].map(([, heading]) => heading as string)
}

function toAnchor (heading: string): string {
  return heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-')
}

function linesOf (page: string): number {
  return textOf(page).trimEnd().split('\n').length
}

t.test('every link names a file and a heading that are there', async t => {
  for (const page of PAGES) {
    for (const { written, file, anchor } of linksOf(page)) {
      if (!existsSync(file)) t.fail(`${page} links to ${written}: there is no ${file}`)
      else if (anchor !== undefined && !anchorsOf(file).includes(anchor)) t.fail(`${page} links to ${written}: ${file} has no such heading`)
    }
    t.pass(page)
  }
})

t.test('what names a guide by its path names one that is there', async t => {
  const sources = ['lib', 'types', 'test'].flatMap(folder => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(path => join(folder, path)))
  for (const source of sources.filter(path => path.endsWith('.ts'))) {
    for (const [guide] of readFileSync(source, 'utf8').matchAll(/\bdocs\/\w+\.md\b/g)) t.ok(existsSync(guide), `${source} names ${guide}`)
  }
})

t.test('no page is too long to be read', async t => {
  t.ok(linesOf(README) <= 250, `${README} has ${linesOf(README)} lines, and at most 250`)
  for (const guide of GUIDES) t.ok(linesOf(guide) <= 150, `${guide} has ${linesOf(guide)} lines, and at most 150`)
  for (const record of RECORDS) t.ok(linesOf(record) <= 40, `${record} has ${linesOf(record)} lines, and at most 40`)
})

t.test('each page begins with a table of its contents', async t => {
  for (const page of [README, ...GUIDES]) {
    const [beginning = ''] = textOf(page).split(/^## /m)
    const contents = [...beginning.matchAll(/^- \[(.+)\]\(#(.+)\)$/gm)].map(([, title, anchor]) => `${title} #${anchor}`)
    t.strictSame(contents, headingsOf(page, '##').map(heading => `${heading} #${toAnchor(heading)}`), page)
  }
})

t.test('README.md and the list of guides lead to each guide', async t => {
  const listed = linksOf('docs/README.md').map(({ file }) => file)
  const shown = linksOf(README).map(({ file }) => file)
  for (const guide of GUIDES) {
    t.ok(shown.includes(guide), `${README} links to ${guide}`)
    if (guide !== 'docs/README.md') t.ok(listed.includes(guide), `docs/README.md links to ${guide}`)
  }
})

t.test('CONTRIBUTING.md leads to the list of decisions, which leads to each record', async t => {
  t.ok(linksOf(CONTRIBUTING).some(({ file }) => file === DECISIONS), `${CONTRIBUTING} links to ${DECISIONS}`)
  t.strictSame(linksOf(DECISIONS).map(({ file }) => file).sort(), RECORDS)
})

t.test('each record says what was decided, why, and for how long', async t => {
  for (const record of RECORDS) t.strictSame(headingsOf(record, '##'), ['Context', 'Decision', 'Consequences', 'What would change it'], record)
})

t.test('each file that a record names is there', async t => {
  for (const record of RECORDS) {
    for (const [, file] of textOf(record).matchAll(/`((?:lib|test|examples)\/[\w./-]+)`/g)) t.ok(existsSync(file as string), `${record} names ${file}`)
  }
})
