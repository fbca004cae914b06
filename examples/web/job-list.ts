import { el, setAttributes, setText } from './element.js'
import { moment, statusNames } from './format.js'
import type { Tracked } from './tracked.js'

export interface JobList {
  /** Shows these jobs, in this order. */
  update (jobs: Tracked[], shownId: string | undefined): void
}

interface Row {
  element: HTMLElement
  update (tracked: Tracked, isShown: boolean): void
}

/** Shows the jobs of this browser, with a link to each. */
export function createJobList (list: HTMLElement): JobList {
  const rows = new Map<string, Row>()
  return {
    update (jobs, shownId) {
      for (const [id, { element }] of rows) {
        if (jobs.some(({ entry }) => entry.id === id)) continue
        element.remove()
        rows.delete(id)
      }
      jobs.forEach((tracked, index) => {
        const { id } = tracked.entry
        const row = rows.get(id) ?? createRow(id)
        rows.set(id, row)
        // Move a row only if it is not in its place: an element that is moved loses the focus.
        if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index] ?? null)
        row.update(tracked, id === shownId)
      })
    }
  }
}

function createRow (id: string): Row {
  const title = el('span', { class: 'row-title' })
  const status = el('span', { class: 'badge' })
  const time = el('span', { class: 'hint' })
  const bar = el('progress', { max: 100, value: 0, 'aria-label': 'Progress' })
  const link = el('a', { href: `#${encodeURIComponent(id)}` }, title, el('span', { class: 'row-facts' }, status, time), bar)
  const element = el('li', { 'data-job': id }, link)
  return {
    element,
    update ({ entry, job, isOver, trouble }, isShown) {
      setText(title, entry.title)
      setText(time, moment(entry.addedAt))
      const isGone = isOver && trouble !== undefined
      status.dataset['status'] = isGone ? 'gone' : entry.status
      setText(status, isGone ? 'Gone' : statusNames[entry.status])
      setAttributes(link, { 'aria-current': isShown && 'true' })
      setAttributes(bar, { value: job?.progress ?? 0 })
      bar.hidden = isGone || !(entry.status === 'pending' || entry.status === 'in_progress')
    }
  }
}
