import { randomUUID } from 'node:crypto'

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** A new job id: a random UUID, 122 bits, URL-safe, and never all digits, which BullMQ refuses. */
export function makeJobId (): string {
  return randomUUID()
}

/**
 * Whether a string has the shape of our ids. Jobs that others put into the queue under ids that
 * can be guessed, such as BullMQ's own 1, 2, 3, are thereby not to be found over HTTP.
 */
export function isJobId (value: string): boolean {
  return UUID.test(value)
}
