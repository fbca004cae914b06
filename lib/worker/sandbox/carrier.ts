/** How a child has ended. */
export interface End {
  /** Why, where it did not simply exit. */
  reason: string | undefined
  code: number | null
  signal: string | null
}

/** What is different of threads and processes. */
export interface Carrier {
  post (text: string): void
  kill (): void
}
