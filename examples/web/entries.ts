import type { JobStatus } from 'fastify-async-jobs/client'

/** What this browser remembers of a job; the server knows the rest. */
export interface Entry {
  id: string
  title: string
  /** ISO 8601. */
  addedAt: string
  /** The book that it reads; a text of the visitor's own is remembered beside it. */
  book?: string | undefined
  /** As it was last seen. */
  status: JobStatus
}

// A key for each job: tabs that write at the same time must not undo each other.
const ENTRY = 'analysis.job.'
const TEXT = 'analysis.text.'

/** The newest first. */
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
    // The browser's room for this page is full: the analysis is shown without its text after a reload.
  }
}

/** Not where another tab has removed it meanwhile. */
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
    return json === null ? [] : [JSON.parse(json) as Entry]
  } catch {
    return []
  }
}
