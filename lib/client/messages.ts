import { UnsuitableError, type ErrorDetails } from './errors.js'

/** One message of a stream of Server-Sent Events. */
export interface Message {
  id?: string
  event?: string
  data?: string
}

/** The longest message, in characters: one without an end would fill the memory. */
const LONGEST = 64 * 2 ** 20

/**
 * Reads Server-Sent Events (WHATWG HTML, section 9.2.6) as far as this API writes them: its lines end with LF.
 * @param pieces text, cut anywhere
 * @throws `UnsuitableError` where a message is longer than 64 MiB
 */
export async function * readMessages (pieces: AsyncIterable<string> | Iterable<string>, known: ErrorDetails): AsyncGenerator<Message, void, void> {
  // Each character is looked at once: what came earlier holds no end of a message. The last one may be half of it, and waits.
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
 * The text of a body as it comes. Whoever leaves lets go of the connection.
 * @param onBytes called whenever something arrived: comments, too, are a sign of life
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

/** Lines that are no field, such as comments, come out as one of no name. With s: JSON may hold U+2028 and U+2029 as they are, where a dot would stop otherwise. */
function parse (block: string): Message {
  return Object.fromEntries(block.split('\n').map(line => /^([^:]+):? ?(.*)$/s.exec(line)?.slice(1) ?? [])) as Message
}
