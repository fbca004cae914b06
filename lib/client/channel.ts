import { onAbort } from './sleep.js'

/** Passes values from several sources to one reader, in the order in which they arrive. */
export interface Channel<Value> {
  push (value: Value): void
  /** Says that no more values come. */
  end: () => void
  /** Yields the values until the end. When the signal aborts, it throws the reason at once. */
  read (signal: AbortSignal): AsyncGenerator<Value, void, void>
}

export function createChannel<Value> (): Channel<Value> {
  const values: Value[] = []
  let ended = false
  let wake = (): void => {}
  return {
    push (value) {
      values.push(value)
      wake()
    },
    end () {
      ended = true
      wake()
    },
    async * read (signal) {
      const stop = onAbort(signal, () => { wake() })
      try {
        for (;;) {
          signal.throwIfAborted()
          if (values.length > 0) yield values.shift() as Value
          else if (!ended) await new Promise<void>(resolve => { wake = resolve })
          else return
        }
      } finally {
        stop()
      }
    }
  }
}
