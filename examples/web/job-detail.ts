import type { Job, JobStatus } from 'fastify-async-jobs/client'
import type { Tracked } from './tracked.js'
import type { Trouble } from './trouble.js'
import { el, setAttributes, setText } from './element.js'
import { moment, statusNames, timeBetween } from './format.js'
import { resultView } from './result-view.js'
import { createSentimentChart } from './sentiment-chart.js'
import { createTextView } from './text-view.js'
import { isFinal } from './tracked.js'

export interface JobDetailOptions {
  /** The text that the job reads. */
  text: Promise<string | undefined>
  onCancel: () => Promise<void>
  /** Called when the visitor wants to submit the text again. */
  onAgain: (text: string) => void
  onRemove: () => void
}

export interface JobDetail {
  element: HTMLElement
  update (): void
  /** Brings it into view, and makes screen readers read it out. */
  focus (): void
  /** Removes its listeners. */
  close (): void
}

/** Shows one job: its progress, what it has found so far, and its result. */
export function createJobDetail (tracked: Tracked, { text, onCancel, onAgain, onRemove }: JobDetailOptions): JobDetail {
  const closing = new AbortController()
  const heading = el('h2', { id: 'detail-title', tabindex: -1 }, tracked.entry.title)
  const badge = el('span', { class: 'badge' })
  const cancel = el('button', { type: 'button', class: 'danger', hidden: true }, 'Cancel')
  const again = el('button', { type: 'button', class: 'quiet', hidden: true }, 'Use text again')
  const remove = el('button', { type: 'button', class: 'quiet', hidden: true }, 'Remove')
  const steps = el('ol', { class: 'steps', 'aria-label': 'States of the job' })
  const bar = el('progress', { max: 100, value: 0, 'aria-label': 'Progress' })
  const percent = el('span', { class: 'percent' })
  const message = el('span', { class: 'message' })
  const advance = el('div', { class: 'progress' }, bar, el('div', { class: 'title-row' }, message, percent))
  const meta = el('p', { class: 'hint meta' })
  const panel = el('div', { class: 'panel', role: 'alert', hidden: true })
  const chart = createSentimentChart(closing.signal)
  const view = createTextView()
  const finished = el('div')
  const growing = el('div', {},
    el('h3', {}, 'Sentiment along the text'), chart.element,
    el('h3', {}, 'The text'), view.element)
  const element = el('article', { class: 'card detail', 'aria-labelledby': 'detail-title' },
    el('div', { class: 'top' }, el('div', { class: 'name' }, heading, badge), el('div', { class: 'actions' }, cancel, again, remove)),
    steps,
    advance, panel, meta, growing, finished)

  cancel.addEventListener('click', () => {
    cancel.disabled = true
    void onCancel().finally(() => { cancel.disabled = false })
  })
  again.addEventListener('click', () => { if (loaded !== undefined) onAgain(loaded) })
  remove.addEventListener('click', onRemove)

  let loaded: string | undefined
  let shownResult: Tracked['result']

  const update = (): void => {
    const { job, sections, result, trouble, entry } = tracked
    const status = job?.status ?? entry.status
    element.dataset['status'] = status
    const isGone = tracked.isOver && trouble !== undefined
    badge.dataset['status'] = isGone ? 'gone' : status
    setText(badge, isGone ? 'Gone' : statusNames[status])
    steps.hidden = isGone
    advance.hidden = isGone || (status === 'failed' && job?.progress === 0)
    const hasEnded = isFinal(status) || tracked.isOver
    cancel.hidden = hasEnded
    remove.hidden = !hasEnded
    again.hidden = !hasEnded || loaded === undefined
    showSteps(steps, status)

    const progress = job?.progress ?? (status === 'completed' ? 100 : 0)
    setAttributes(bar, { value: progress })
    setText(percent, `${progress} %`)
    setText(message, messageOf(job, status))
    setText(meta, job === undefined ? '' : metaOf(job))
    showPanel(panel, trouble ?? failureOf(job))

    const wasRead = sections.length > 0 || result !== undefined
    growing.hidden = hasEnded && !wasRead
    chart.show(result?.sentiment.bySection ?? sections)
    view.show(sections, status === 'in_progress')
    if (result !== undefined && result !== shownResult) {
      shownResult = result
      finished.replaceChildren(resultView(result, closing.signal))
    }
  }

  void text.then(found => {
    loaded = found
    view.setText(loaded)
    update()
  })
  return {
    element,
    update,
    focus () {
      heading.focus({ preventScroll: true })
      if (element.getBoundingClientRect().top > innerHeight / 2 || element.getBoundingClientRect().top < 0) element.scrollIntoView()
    },
    close () { closing.abort() }
  }
}

function showSteps (list: HTMLElement, status: JobStatus): void {
  const last: JobStatus = isFinal(status) ? status : 'completed'
  const all: JobStatus[] = ['pending', 'in_progress', last]
  const current = all.indexOf(status)
  list.replaceChildren(...all.map((step, index) => el('li', {
    'data-step': step,
    class: index < current || status === 'completed' ? 'done' : index === current ? 'current' : false,
    'aria-current': index === current && 'step'
  }, statusNames[step])))
}

function messageOf (job: Job | undefined, status: JobStatus): string {
  if (job === undefined) return ''
  if (job.cancelRequested && !isFinal(status)) return 'Canceling…'
  if (status === 'pending') {
    if (job.attempt === 0) return 'Waiting for its turn'
    return `Attempt ${job.attempt} did not come to its end: the next begins soon`
  }
  if (status === 'canceled') return 'Stopped before the end'
  return job.message ?? (status === 'in_progress' ? 'Begins to read' : '')
}

function metaOf ({ jobId, createdAt, startedAt, finishedAt, attempt, maxAttempts }: Job): string {
  return [
    `submitted ${moment(createdAt)}`,
    startedAt !== undefined && finishedAt !== undefined && `took ${timeBetween(startedAt, finishedAt)}`,
    attempt > 1 && `attempt ${attempt} of ${maxAttempts}`,
    `job ${jobId}`
  ].filter(part => part !== false).join(' · ')
}

function failureOf (job: Job | undefined): Trouble | undefined {
  if (job?.error === undefined) return undefined
  return { title: 'The analysis failed', detail: `${job.error.message} (${job.error.code})` }
}

function showPanel (panel: HTMLElement, trouble: Trouble | undefined): void {
  panel.hidden = trouble === undefined
  // Screen readers read an alert out whenever it is written to, so write only what has changed.
  if (trouble === undefined || panel.textContent === trouble.title + trouble.detail) return
  panel.replaceChildren(el('strong', {}, trouble.title), el('span', {}, trouble.detail))
}
