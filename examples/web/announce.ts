import { find } from './element.js'
import { statusNames } from './format.js'
import type { Tracked } from './tracked.js'

/** How often progress is read out, in percent. A listener wants to hear other things, too. */
const STEP = 25

/** Makes screen readers read out what others see: each new state of a job, and some of its progress. */
export function createAnnouncer (): (tracked: Tracked) => void {
  const region = find('announcer', HTMLElement)
  const said = new Map<string, string>()
  return ({ entry, job }) => {
    if (job === undefined) return
    const step = Math.floor(job.progress / STEP) * STEP
    const sentence = `${entry.title}: ${statusNames[job.status]}${job.status === 'in_progress' && step > 0 ? `, ${step} percent` : ''}`
    if (said.get(entry.id) === sentence) return
    said.set(entry.id, sentence)
    region.textContent = sentence
  }
}
