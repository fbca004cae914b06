/** Values from several sources, in the order in which they come, for one reader. */
export interface Channel<Value> {
  push (value: Value): void
  /** Nothing more comes; with an error, the reader gets that, and at once. */
  end (error?: unknown): void
  /** Until the end, or until the signal aborts: then it throws the reason. */
  read (signal: AbortSignal): AsyncGenerator<Value, void, void>
}

export function createChannel<Value> (): Channel<Value> {
  const values: Value[] = []
  let ended: { error: unknown } | undefined
  let wake = (): void => {}
  const end = (error?: unknown): void => {
    ended = { error: ended?.error ?? error }
    if (error !== undefined) values.length = 0
    wake()
  }
  return {
    push (value) {
      values.push(value)
      wake()
    },
    end,
    async * read (signal) {
      const abort = (): void => { end(signal.reason) }
      signal.addEventListener('abort', abort)
      try {
        for (;;) {
          while (values.length > 0) yield values.shift() as Value
          if (ended !== undefined) {
            if (ended.error !== undefined) throw ended.error
            return
          }
          await new Promise<void>(resolve => { wake = resolve })
        }
      } finally {
        signal.removeEventListener('abort', abort)
      }
    }
  }
}
