import { isJobNotFoundError, type Job, type WatchEvent } from 'fastify-async-jobs/client'
import type { Analysis, Section } from './api.js'
import { describe, type Trouble } from './trouble.js'
import type { Entry } from './entries.js'

/** A job of the list, and all that is known of it since the page was loaded. */
export interface Tracked {
  entry: Entry
  job: Job | undefined
  /** The sections that the analysis has read so far. */
  sections: Section[]
  /** The run of the job that has read them. */
  run: number
  /** The id of the last event: following goes on after it. */
  lastEvent: string | undefined
  /** Whether no further event will come. */
  isOver: boolean
  result: Analysis | undefined
  /** The reason why it cannot be shown. */
  trouble: Trouble | undefined
}

export function track (entry: Entry): Tracked {
  return { entry, job: undefined, sections: [], run: 0, lastEvent: undefined, isOver: false, result: undefined, trouble: undefined }
}

/** Takes in an event. The same event again changes nothing. */
export function take (tracked: Tracked, event: WatchEvent): void {
  if (event.type === 'error') {
    tracked.trouble = describe(event.error)
    // A job that is unknown now will stay unknown.
    tracked.isOver = isJobNotFoundError(event.error)
    return
  }
  tracked.lastEvent = event.id
  if (event.type === 'job') {
    tracked.job = event.job
    tracked.entry.status = event.job.status
    tracked.isOver = isFinal(event.job.status)
    tracked.trouble = undefined
    return
  }
  // Another attempt reads from the beginning.
  if (event.run > tracked.run) {
    tracked.run = event.run
    tracked.sections = []
  }
  const section = event.data as Section
  if (event.run === tracked.run && section.from >= (tracked.sections.at(-1)?.to ?? 0)) tracked.sections.push(section)
}

export function isFinal (status: Job['status']): boolean {
  return ['completed', 'failed', 'canceled'].includes(status)
}
