import { randomUUID } from 'node:crypto'

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** Makes a job id: a random UUID with 122 random bits. It is URL-safe, and never only digits, which BullMQ refuses. */
export function makeJobId (): string {
  return randomUUID()
}

/**
 * Whether a string has the form of the ids that `makeJobId` makes. Others may put jobs into the queue under ids that
 * can be guessed, such as BullMQ's own 1, 2, 3. This check keeps those jobs from being found over HTTP.
 */
export function isJobId (value: string): boolean {
  return UUID.test(value)
}
