/** Knows when the last worker of a host has closed: its processors may wait for jobs of any registration until then. */
export interface LastWorker {
  /** One more worker. @returns to be called when it has closed */
  add (): () => void
  /** Resolves when none is left; at once where there was none. */
  closed (): Promise<void>
}

const hosts = new WeakMap<object, LastWorker>()

/** @param host what all registrations of one host share */
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
