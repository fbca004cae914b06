/* A process has one channel for all: what is ours in it is marked. Everything else belongs to the processor's libraries. */

const MARK = 'fastify-async-jobs'

export function seal (text: string): { [MARK]: string } {
  return { [MARK]: text }
}

/** Undefined for what is not ours. */
export function unseal (message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, MARK)) return undefined
  const text: unknown = Reflect.get(message, MARK)
  return typeof text === 'string' ? text : undefined
}
