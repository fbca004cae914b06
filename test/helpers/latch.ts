/** A promise that tests open from outside: processors wait for it, or tests wait for processors. */
export interface Latch<Value = void> {
  promise: Promise<Value>
  open (value: Value): void
}

export function latch<Value = void> (): Latch<Value> {
  let open!: (value: Value) => void
  const promise = new Promise<Value>(resolve => { open = resolve })
  return { promise, open }
}
