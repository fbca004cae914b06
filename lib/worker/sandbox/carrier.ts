/** How a child has ended. */
export interface End {
  /** The error that ended it; undefined if it simply exited. */
  reason: string | undefined
  code: number | null
  signal: string | null
}

/** What differs between threads and processes. */
export interface Carrier {
  post (text: string): void
  kill (): void
}
