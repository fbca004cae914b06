import type { Analysis } from './api.js'
import { barChart } from './bar-chart.js'
import { el } from './element.js'
import { count } from './format.js'

/** How many bars a chart has. The table has all values. */
const BARS = 10

/** Shows the finished analysis, as tables and charts. */
export function resultView (result: Analysis, signal: AbortSignal): HTMLElement {
  const { entities, keywords, keySentences } = result
  return el('section', { class: 'result', 'aria-labelledby': 'result-title' },
    el('h3', { id: 'result-title' }, 'The finished analysis'),
    facts(result),
    ...keySentences.length === 0
      ? []
      : [
          el('h4', {}, 'Sentences that say most'),
          el('ul', { class: 'sentences' }, ...keySentences.map(sentence => el('li', {}, sentence)))
        ],
    el('div', { class: 'pair' },
      ranking('Names, dates, amounts', 'entities', [{ name: 'Entity' }, { name: 'Type' }, { name: 'Count', isNumber: true }], entities.map(({ value, type, count }) => ({ name: value, count, cells: [value, type.toLowerCase(), String(count)] })), signal),
      ranking('Keywords', 'keywords', [{ name: 'Keyword' }, { name: 'Count', isNumber: true }, { name: 'In 1,000 words', isNumber: true }], keywords.map(({ term, count, perThousand }) => ({ name: term, count, cells: [term, String(count), perThousand.toFixed(2)] })), signal)
    )
  )
}

function facts ({ statistics, sentiment, readability }: Analysis): HTMLElement {
  const ease = readability.fleschReadingEase
  const all: Array<[string, string, string]> = [
    ['Words', count(statistics.words), `${count(statistics.characters)} characters`],
    ['Sentences', count(statistics.sentences), `${count(statistics.paragraphs)} paragraphs`],
    ['Sentiment', signed(sentiment.score), sentiment.score > 0.05 ? 'rather bright' : sentiment.score < -0.05 ? 'rather dark' : 'balanced'],
    ['Reading ease', ease === null ? '–' : String(ease), ease === null ? 'no words' : ease >= 60 ? 'easy to read' : ease >= 30 ? 'hard to read' : 'very hard to read'],
    ['Reading time', duration(readability.readingMinutes), `${readability.wordsPerSentence} words a sentence`]
  ]
  return el('dl', { class: 'facts' }, ...all.map(([name, value, note]) =>
    el('div', {}, el('dt', {}, name), el('dd', { class: 'value' }, value), el('dd', { class: 'note' }, note))))
}

interface Column {
  name: string
  isNumber?: boolean
}

interface Row {
  name: string
  count: number
  cells: string[]
}

function ranking (title: string, id: string, columns: Column[], rows: Row[], signal: AbortSignal): HTMLElement {
  const heading = el('h4', { id: `${id}-title` }, title)
  if (rows.length === 0) return el('div', {}, heading, el('p', { class: 'hint' }, 'None were found.'))
  const table = el('table', { 'aria-labelledby': `${id}-title` },
    el('thead', {}, el('tr', {}, ...columns.map(({ name, isNumber }) => el('th', { scope: 'col', class: isNumber && 'number' }, name)))),
    el('tbody', {}, ...rows.map(({ cells }) => el('tr', {}, ...cells.map((cell, index) =>
      index === 0 ? el('th', { scope: 'row' }, cell) : el('td', { class: columns[index]?.isNumber && 'number' }, cell))))))
  return el('div', {},
    heading,
    barChart(`${title}, the most frequent`, rows.slice(0, BARS), signal),
    el('div', { class: 'table', role: 'region', 'aria-label': `${title}, all`, tabindex: 0 }, table)
  )
}

function signed (score: number): string {
  return (score > 0 ? '+' : '') + score.toFixed(2).replace('-', '−')
}

function duration (minutes: number): string {
  return minutes < 1 ? '< 1 min' : minutes < 90 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`
}
