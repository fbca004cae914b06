import { onAbort } from './sleep.js'

/** Values from several sources, in the order in which they come, for one reader. */
export interface Channel<Value> {
  push (value: Value): void
  /** Nothing more comes. */
  end: () => void
  /** Until the end, or until the signal aborts: then it throws the reason, and at once. */
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
