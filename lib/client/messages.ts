import { UnsuitableError, type ErrorDetails } from './errors.js'

/** One event of a stream of Server-Sent Events. */
export interface Message {
  id?: string
  event?: string
  data?: string
}

/** The longest message, in UTF-16 code units. Without a limit, a message without an end would fill the memory. */
const LONGEST = 64 * 2 ** 20

/**
 * Reads Server-Sent Events (WHATWG HTML, section 9.2.6) in the form that this API writes: lines end with LF.
 * @param pieces the text, cut anywhere
 * @throws `UnsuitableError` if a message is longer than 64 MiB
 */
export async function * readMessages (pieces: AsyncIterable<string> | Iterable<string>, known: ErrorDetails): AsyncGenerator<Message, void, void> {
  // Search each piece only once: `begun` cannot hold the end of a message. But the last character of a piece may be the
  // first half of an end, so `last` keeps it for the next search.
  let begun = ''
  let last = ''
  for await (const piece of pieces) {
    const blocks = (last + piece).split('\n\n')
    const rest = blocks.pop() as string
    for (const block of blocks) {
      yield parse(begun + block)
      begun = ''
    }
    begun += rest.slice(0, -1)
    last = rest.slice(-1)
    if (begun.length > LONGEST) throw new UnsuitableError('An event is longer than 64 MiB', known)
  }
}

/**
 * Yields the text of a body as it arrives. A caller that leaves the loop closes the connection.
 * @param onBytes called whenever bytes arrive. Even comments are a sign of life
 */
export async function * piecesOf (body: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<string, void, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onBytes()
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

/**
 * Parses the lines of a message. Lines that are no field, such as comments, become a property `undefined`, which nobody
 * reads. The flag `s` is there because JSON may hold U+2028 and U+2029 unescaped, which a dot does not match without
 * it.
 */
function parse (block: string): Message {
  return Object.fromEntries(block.split('\n').map(line => /^([^:]+):? ?(.*)$/s.exec(line)?.slice(1) ?? [])) as Message
}
