/** Knows when the last worker of a host has closed. Until then, a processor may wait for a job of any registration. */
export interface LastWorker {
  /** Adds a worker. @returns call it when the worker has closed */
  add (): () => void
  /** Resolves when no worker is left; at once if there was none. */
  closed (): Promise<void>
}

const hosts = new WeakMap<object, LastWorker>()

/** @param host the object that all registrations of one host share */
export function lastWorkerOf (host: object): LastWorker {
  const known = hosts.get(host) ?? createLastWorker()
  hosts.set(host, known)
  return known
}

function createLastWorker (): LastWorker {
  const open = new Set<object>()
  const waiting: Array<() => void> = []
  return {
    add () {
      const worker = {}
      open.add(worker)
      return () => {
        open.delete(worker)
        if (open.size === 0) for (const resolve of waiting.splice(0)) resolve()
      }
    },
    async closed () {
      if (open.size > 0) await new Promise<void>(resolve => { waiting.push(resolve) })
    }
  }
}
