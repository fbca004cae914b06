/** Takes what a pino logger writes. */
export interface LogLines {
  write (line: string): void
  /** All of it, as it was written. */
  text (): string
  /** Each line, parsed. */
  lines (): Array<Record<string, unknown>>
}

export function logLines (): LogLines {
  let text = ''
  return {
    write (line) { text += line },
    text: () => text,
    lines: () => text.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Record<string, unknown>)
  }
}
