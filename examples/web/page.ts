import { isJobCanceledError, isJobFailedError, isJobsClientError, type WatchEvent } from 'fastify-async-jobs/client'
import { createAnnouncer } from './announce.js'
import { BASE_URL, createApi } from './api.js'
import { readBook } from './books.js'
import { createConnection } from './connection.js'
import { find, setText } from './element.js'
import { addEntry, onOtherTabs, readEntries, readText, removeEntry, updateEntry, type Entry } from './entries.js'
import { follow } from './follow.js'
import { createForm } from './form.js'
import { createJobDetail, type JobDetail } from './job-detail.js'
import { createJobList } from './job-list.js'
import { isFinal, take, track, type Tracked } from './tracked.js'
import { createTransportChoice } from './transport-choice.js'
import { describe } from './trouble.js'

/* The page: what it shows, what it follows, and what happens when the visitor does something. */

const jobs = new Map<string, Tracked>()
/** Ends what is followed now. */
let following = new AbortController()
let detail: JobDetail | undefined
let shownId: string | undefined

const away = find('away', HTMLElement)
const connection = createConnection({
  probeUrl: () => {
    // Ask for a known job: its answer shows that the store works, too.
    const id = shownId ?? jobs.keys().next().value
    return id === undefined ? '/icon.svg' : `${BASE_URL}/status/${encodeURIComponent(id)}`
  },
  onLost () {
    away.textContent = 'The server does not answer. Jobs go on there, and this page goes on as soon as it is back.'
    away.hidden = false
    transport.showConnection(false)
  },
  onBack () {
    away.hidden = true
    transport.showConnection(true)
    followAnew()
    renderAll()
  }
})
const api = createApi(connection)
const transport = createTransportChoice(followAnew)
const list = createJobList(find('jobs', HTMLElement))
const announce = createAnnouncer()

const form = createForm(async ({ input, book }) => {
  const { id } = await api('auto').submit(input)
  const entry: Entry = { id, title: input.title, addedAt: new Date().toISOString(), book, status: 'pending' }
  addEntry(entry, input.text)
  jobs.set(id, track(entry))
  location.hash = encodeURIComponent(id)
})

find('try', HTMLButtonElement).addEventListener('click', () => { form.submitBook('alice-in-wonderland') })
find('clear', HTMLButtonElement).addEventListener('click', () => {
  for (const { entry, isOver } of [...jobs.values()]) if (isOver || isFinal(entry.status)) forget(entry.id)
})
find('skip', HTMLAnchorElement).addEventListener('click', event => {
  // The fragment of the address names the job, so the link must not change it.
  event.preventDefault()
  find('main', HTMLElement).focus()
})
addEventListener('hashchange', () => {
  show()
  detail?.focus()
})
onOtherTabs(() => {
  readList()
  if (shownId !== undefined && !jobs.has(shownId)) location.hash = ''
  else followAnew()
  renderAll()
})

readList()
show()

/** Updates the list from what this browser remembers. Another tab may have changed that. */
function readList (): void {
  const entries = readEntries()
  for (const id of jobs.keys()) if (!entries.some(entry => entry.id === id)) jobs.delete(id)
  for (const entry of entries) {
    const known = jobs.get(entry.id)
    if (known === undefined) jobs.set(entry.id, track(entry))
    else if (!isFinal(known.entry.status)) known.entry.status = entry.status
  }
}

/** Shows the job that the address names. */
function show (): void {
  const id = decodeURIComponent(location.hash.slice(1))
  if (id !== '' && !jobs.has(id)) {
    // The job is not one of this browser's: somebody has passed a link on.
    const entry: Entry = { id, title: 'A job from elsewhere', addedAt: new Date().toISOString(), status: 'pending' }
    addEntry(entry, '')
    jobs.set(id, track(entry))
  }
  shownId = id === '' ? undefined : id
  detail?.close()
  const tracked = shownId === undefined ? undefined : jobs.get(shownId)
  detail = tracked && createJobDetail(tracked, {
    text: textOf(tracked.entry),
    onCancel: () => cancel(tracked),
    onAgain: text => { form.fill(text, tracked.entry.book) },
    onRemove: () => { forget(tracked.entry.id) }
  })
  find('detail', HTMLElement).replaceChildren(...detail === undefined ? [] : [detail.element])
  followAnew()
  renderAll()
}

/** Follows the job that is shown from its last event on, and the other jobs that are not final. */
function followAnew (): void {
  following.abort()
  following = new AbortController()
  const { signal } = following
  transport.showInUse(undefined)
  const shown = shownId === undefined ? undefined : jobs.get(shownId)
  if (shown !== undefined) void fetchResult(shown, signal)
  follow({
    api,
    choice: transport.choice,
    shown: shown === undefined || shown.isOver ? undefined : { id: shown.entry.id, after: shown.lastEvent },
    others: [...jobs.values()].filter(({ entry, isOver }) => entry.id !== shownId && !isOver && !isFinal(entry.status)).map(({ entry }) => entry.id),
    signal,
    onEvent,
    onTransport: transport.showInUse,
    onLost,
    check: () => { void connection.check() }
  })
}

function onEvent (event: WatchEvent): void {
  const id = event.type === 'job' ? event.job.jobId : event.jobId
  const tracked = jobs.get(id)
  if (tracked === undefined) return
  const before = tracked.entry.status
  take(tracked, event)
  if (tracked.entry.status !== before) updateEntry(tracked.entry)
  announce(tracked)
  render(tracked)
  if (id !== shownId || !tracked.isOver) return
  transport.showInUse(undefined)
  void fetchResult(tracked, following.signal)
}

async function fetchResult (tracked: Tracked, signal: AbortSignal): Promise<void> {
  if (!tracked.isOver || tracked.entry.status !== 'completed' || tracked.result !== undefined || tracked.trouble !== undefined) return
  try {
    tracked.result = await api('auto').job(tracked.entry.id).result({ signal })
  } catch (error) {
    if (signal.aborted) return
    take(tracked, { type: 'error', jobId: tracked.entry.id, error: error as Error })
  }
  render(tracked)
}

async function cancel (tracked: Tracked): Promise<void> {
  const { id } = tracked.entry
  try {
    await api('auto').job(id).cancel()
    // A job that is only polled now and then is polled at once.
    followAnew()
  } catch (error) {
    // The job ended at the same moment. Following it shows how.
    if (isJobsClientError(error) && error.problem?.code === 'JOB_ALREADY_FINISHED') return
    if (isJobFailedError(error) || isJobCanceledError(error)) return
    tracked.trouble = describe(error)
    render(tracked)
  }
}

function onLost (error: unknown): void {
  console.warn(error)
  connection.lose()
}

function forget (id: string): void {
  removeEntry(id)
  jobs.delete(id)
  if (id === shownId) location.hash = ''
  renderAll()
}

async function textOf ({ id, book }: Entry): Promise<string | undefined> {
  return book === undefined ? readText(id) : await readBook(book).catch(() => undefined)
}

function render (tracked: Tracked): void {
  if (tracked.entry.id === shownId) detail?.update()
  renderList()
}

function renderList (): void {
  const all = [...jobs.values()].sort((a, b) => b.entry.addedAt.localeCompare(a.entry.addedAt))
  list.update(all, shownId)
  find('no-jobs', HTMLElement).hidden = all.length > 0
  find('clear', HTMLElement).hidden = !all.some(({ entry, isOver }) => isOver || isFinal(entry.status))
}

function renderAll (): void {
  detail?.update()
  renderList()
  find('empty', HTMLElement).hidden = detail !== undefined
  find('detail', HTMLElement).hidden = detail === undefined
  const title = shownId === undefined ? undefined : jobs.get(shownId)?.entry.title
  setText(document.querySelector('title') as Element, title === undefined ? 'Text analysis' : `${title} – Text analysis`)
}
