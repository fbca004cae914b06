/*
 * A process has only one channel. Our messages in it are marked. All others belong to the libraries of the processor.
 */

const MARK = 'fastify-async-jobs'

export function seal (text: string): { [MARK]: string } {
  return { [MARK]: text }
}

/** Undefined if the message is not ours. */
export function unseal (message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, MARK)) return undefined
  const text: unknown = Reflect.get(message, MARK)
  return typeof text === 'string' ? text : undefined
}
