interface Entry {
  value: string
  type: string
  count: number
}

/** Counts values. Upper and lower case count as the same. */
export class Tally {
  readonly #entries = new Map<string, Entry>()

  add (value: string, type = ''): void {
    const key = keyOf(value, type)
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      this.#entries.set(key, { value, type, count: 1 })
      return
    }
    entry.count++
    // The ALICE of a heading becomes the Alice of the story.
    if (entry.value === entry.value.toUpperCase()) entry.value = value
  }

  count (value: string, type = ''): number {
    return this.#entries.get(keyOf(value, type))?.count ?? 0
  }

  /** The most frequent values first. Values with the same count stay in the order of the text. */
  top (size: number): Entry[] {
    return [...this.#entries.values()].sort((a, b) => b.count - a.count).slice(0, size)
  }
}

function keyOf (value: string, type: string): string {
  return `${type} ${value.toLowerCase()}`
}
