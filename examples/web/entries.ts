import type { JobStatus } from 'fastify-async-jobs/client'

/** What this browser remembers of a job. The server knows the rest. */
export interface Entry {
  id: string
  title: string
  /** ISO 8601. */
  addedAt: string
  /** The book that the job reads. Undefined: a text of the visitor's own, which is stored under a key of its own. */
  book?: string | undefined
  /** The status that was seen last. */
  status: JobStatus
}

// Each job has a key of its own, so that tabs that write at the same time do not undo each other.
const ENTRY = 'analysis.job.'
const TEXT = 'analysis.text.'

/** Reads all entries, the newest first. */
export function readEntries (): Entry[] {
  return Object.keys(localStorage)
    .filter(key => key.startsWith(ENTRY))
    .flatMap(key => parse(localStorage.getItem(key)))
    .sort((a, b) => b.addedAt.localeCompare(a.addedAt))
}

export function addEntry (entry: Entry, text: string): void {
  localStorage.setItem(ENTRY + entry.id, JSON.stringify(entry))
  if (entry.book !== undefined || text === '') return
  try {
    localStorage.setItem(TEXT + entry.id, text)
  } catch {
    // The browser has no more room for this page. After a reload, the analysis is shown without its text.
  }
}

/** Stores an entry again, unless another tab has removed it meanwhile. */
export function updateEntry (entry: Entry): void {
  if (localStorage.getItem(ENTRY + entry.id) !== null) localStorage.setItem(ENTRY + entry.id, JSON.stringify(entry))
}

export function removeEntry (id: string): void {
  localStorage.removeItem(ENTRY + id)
  localStorage.removeItem(TEXT + id)
}

/** The visitor's own text. */
export function readText (id: string): string | undefined {
  return localStorage.getItem(TEXT + id) ?? undefined
}

/** Calls back when another tab added, changed or removed a job. */
export function onOtherTabs (callback: () => void): void {
  addEventListener('storage', ({ key }) => {
    if (key === null || key.startsWith(ENTRY)) callback()
  })
}

function parse (json: string | null): Entry[] {
  try {
    // Only this page writes to these keys.
    return json === null ? [] : [JSON.parse(json) as Entry]
  } catch {
    return []
  }
}
