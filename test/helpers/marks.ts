import { latch, type Latch } from './latch.js'

/** What has happened, by name, and who waits for what has not. */
export interface Marks<Value = number> {
  /** Only the first time counts, until it is forgotten. */
  set (name: string, value: Value): void
  forget (name: string): void
  reached (name: string): Promise<Value>
}

export function createMarks<Value = number> (): Marks<Value> {
  const latches = new Map<string, Latch<Value>>()
  const of = (name: string): Latch<Value> => {
    const mark = latches.get(name) ?? latch<Value>()
    latches.set(name, mark)
    return mark
  }
  return {
    set (name, value) { of(name).open(value) },
    forget (name) { latches.delete(name) },
    reached: name => of(name).promise
  }
}
