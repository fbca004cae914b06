import type { Section } from './api.js'
import { el, setText } from './element.js'
import { kindOf, kinds } from './kinds.js'
import { count } from './format.js'

export interface TextView {
  element: HTMLElement
  /** Sets the text; undefined: this browser does not have it. */
  setText (text: string | undefined): void
  /** Shows what was found in the sections that were read so far. */
  show (sections: Section[], isReading: boolean): void
}

/** Shows the text. In the part that was read, what was found is marked; the part still to be read is pale. */
export function createTextView (): TextView {
  let text: string | undefined
  /** How many sections are shown, and the first of them. Another attempt has another first section. */
  let shown = 0
  let first: Section | undefined
  const found = new Map(kinds.map(({ kind }) => [kind, 0]))

  const read = el('span')
  const unread = el('span', { class: 'unread' })
  const body = el('div', { class: 'text', role: 'region', 'aria-label': 'The text, with what was found in it', tabindex: 0 }, read, unread)
  const counters = new Map(kinds.map(({ kind }) => [kind, el('b', {}, '0')]))
  const legend = el('ul', { class: 'legend', 'aria-label': 'Found in the text' }, ...kinds.map(({ kind, label }) =>
    el('li', { 'data-kind': kind }, el('span', { class: 'swatch', 'aria-hidden': 'true' }), `${label} `, counters.get(kind) ?? '')))
  const follows = el('input', { type: 'checkbox', id: 'follow-reading', checked: true })
  const toggle = el('label', { class: 'toggle' }, follows, 'Scroll along')
  const missing = el('p', { class: 'hint', hidden: true }, 'This browser does not have the text of this job.')
  const element = el('div', {}, el('div', { class: 'title-row wrap' }, legend, toggle), body, missing)

  const reset = (): void => {
    shown = 0
    read.replaceChildren()
    for (const { kind } of kinds) found.set(kind, 0)
  }

  const append = ({ from, to, entities }: Section): void => {
    const marked = mark(text?.slice(from, to) ?? '', entities)
    for (const node of marked) {
      if (node instanceof HTMLElement) {
        const kind = kindOf(node.dataset['type'] ?? '')
        found.set(kind, (found.get(kind) ?? 0) + 1)
      }
    }
    read.append(el('span', { class: 'section' }, ...marked))
  }

  return {
    element,
    setText (newText) {
      text = newText && unwrap(newText)
      reset()
      missing.hidden = text !== undefined
      body.hidden = legend.hidden = text === undefined
      unread.textContent = text ?? ''
    },
    show (sections, isReading) {
      toggle.hidden = !isReading || text === undefined
      if (text === undefined) return
      if (sections[0] !== first || sections.length < shown) reset()
      first = sections[0]
      if (sections.length === shown) return
      for (const section of sections.slice(shown)) append(section)
      shown = sections.length
      // After the last section there is only white space.
      unread.textContent = text.slice(sections.at(-1)?.to ?? 0).trimEnd()
      for (const [kind, counter] of counters) setText(counter, count(found.get(kind) ?? 0))
      if (isReading && follows.checked) scrollTo(body, unread)
    }
  }
}

/**
 * Joins the short lines of a book, which would break badly on a small screen. The text keeps its length, so positions
 * stay right.
 */
function unwrap (text: string): string {
  return text.replace(/(?<=[^\n]{45})\n(?=[\p{L}'"`(])/gu, ' ')
}

/** Makes nodes of a part of the text. What was found is marked wherever it occurs as whole words. */
function mark (part: string, entities: Section['entities']): Array<Node | string> {
  const types = new Map(entities.map(({ value, type }) => [value, type]))
  if (types.size === 0) return [part]
  // The longest first: "Mock Turtle" before "Turtle". A line may end between two words.
  const values = [...types.keys()].sort((a, b) => b.length - a.length).map(value => escape(value).replace(/\s+/g, '\\s+'))
  const occurrences = new RegExp(`(?<![\\p{L}\\p{N}])(?:${values.join('|')})(?![\\p{L}\\p{N}])`, 'gu')
  const nodes: Array<Node | string> = []
  let end = 0
  for (const { 0: value, index } of part.matchAll(occurrences)) {
    const type = types.get(value.replace(/\s+/g, ' ')) ?? ''
    nodes.push(part.slice(end, index), el('mark', { 'data-type': type, 'data-kind': kindOf(type), title: type.toLowerCase() }, value))
    end = index + value.length
  }
  return [...nodes, part.slice(end)]
}

function escape (text: string): string {
  return text.replace(/[/\\^$*+?.()|[\]{}]/g, '\\$&')
}

/** Scrolls the place that is read now to the middle. */
function scrollTo (body: HTMLElement, unread: HTMLElement): void {
  const start = unread.getClientRects()[0]
  if (start === undefined) return
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  const top = body.scrollTop + start.top - body.getBoundingClientRect().top - body.clientHeight * 0.6
  body.scrollTo({ top: Math.max(0, top), behavior: still ? 'auto' : 'smooth' })
}
