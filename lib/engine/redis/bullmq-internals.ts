import { type createRedisBackend } from 'bullmq'
import type { Cluster, Redis } from 'ioredis'

/*
 * What this package uses of BullMQ on Redis that is not its public API. The test beside this file says for each use
 * what has changed, if a version of BullMQ changes it.
 */

type Backend = ReturnType<typeof createRedisBackend>

/** Puts a mark before the JSON of each output that a backend stores. The mark must mean nothing to a parser of JSON. */
export function markOutputs (backend: Backend, mark: string): void {
  // The public `moveToCompleted` turns the output into JSON itself. These arguments are the first to have the text.
  const toArguments = backend.moveToCompletedArgs.bind(backend)
  // BullMQ types the JSON text as a value of any type.
  backend.moveToCompletedArgs = (job, json, ...rest) => toArguments(job, mark + String(json ?? 'null') as typeof json, ...rest)
}

/**
 * Makes a worker block for at most so many seconds until a delayed job is due. BullMQ has no option for that: it blocks for
 * up to 10 s. Without delayed jobs it blocks for `drainDelay`, 5 s by default.
 */
export function limitBlocking (backend: Backend, seconds: number): void {
  Object.defineProperty(backend, 'maximumBlockTimeout', { value: seconds })
}

/** Calls `tell` with each copy that is made of a client. A BullMQ worker blocks on a copy, and shows it to nobody. */
export function onCopy (client: Redis | Cluster, tell: (copy: Redis | Cluster) => void): void {
  // `Redis` and `Cluster` have different types for the same method. `never` fits both.
  const duplicate = client.duplicate.bind(client) as (...args: unknown[]) => Redis | Cluster
  client.duplicate = ((...args: unknown[]) => {
    const copy = duplicate(...args)
    tell(copy)
    return copy
  }) as typeof client.duplicate & never
}
