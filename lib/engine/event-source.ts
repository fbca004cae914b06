import type { IQueueBackend } from 'bullmq'
import type { QueueEvent } from './engine.js'

type Source = Pick<IQueueBackend, 'readEvents' | 'on' | 'close'>

/** How long one read waits for an event, in ms. */
const READ_TIMEOUT = 5_000

/**
 * Reads events through a BullMQ backend. BullMQ's own QueueEvents does not fit: it parses whole outputs, which nobody
 * here needs, it ends for good at the first entry that it cannot parse, and it does not tell how far it has read.
 * @param open opens the backend; called again after a read has failed
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
      // It would listen to its connection for as long as that lives. The connection itself stays.
      backend?.close().catch(ignoreOutage)
      backend = undefined
      throw error
    }
  }
}

/** The caller learns of an outage by the read that fails. */
function ignoreOutage (): void {}

function toEvent (fields: string[]): Omit<QueueEvent, 'id'> {
  const valueOf = (name: string): string | undefined => {
    // Names are at even indexes, each followed by its value.
    const at = fields.findIndex((field, index) => index % 2 === 0 && field === name)
    return at === -1 ? undefined : fields[at + 1]
  }
  return { event: valueOf('event') ?? '', jobId: valueOf('jobId') }
}
