import type { IQueueBackend } from 'bullmq'
import type { QueueEvent } from './engine.js'

type Source = Pick<IQueueBackend, 'readEvents' | 'on'>

/** How long one read waits for an event, in ms. */
const READ_TIMEOUT = 5_000

/**
 * Reads events through a BullMQ backend. Not through its QueueEvents: that parses whole outputs which nobody
 * here wants, ends for good at the first entry it cannot parse, and keeps to itself how far it has read.
 * @param open makes the backend; made anew where reading failed
 */
export function readerOf (open: () => Source, timeout = READ_TIMEOUT): (after: string) => Promise<QueueEvent[]> {
  let backend: Source | undefined
  return async after => {
    try {
      if (backend === undefined) {
        backend = open()
        // Without a listener, an error of its connection would end the process.
        backend.on('error', ignoreOutage)
      }
      const streams = await backend.readEvents(after, timeout)
      return streams?.[0]?.[1].map(([id, fields]) => ({ id, ...toEvent(fields) })) ?? []
    } catch (error) {
      backend = undefined
      throw error
    }
  }
}

/** The read that failed tells. */
function ignoreOutage (): void {}

function toEvent (fields: string[]): Omit<QueueEvent, 'id'> {
  const valueOf = (name: string): string | undefined => {
    // Names stand at the even places.
    const at = fields.findIndex((field, index) => index % 2 === 0 && field === name)
    return at === -1 ? undefined : fields[at + 1]
  }
  return { event: valueOf('event') ?? '', jobId: valueOf('jobId') }
}
