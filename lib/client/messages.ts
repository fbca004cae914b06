/** One message of a stream of Server-Sent Events. */
export interface Message {
  id: string
  event: string
  data: string
}

/**
 * Reads Server-Sent Events (WHATWG HTML, section 9.2.6) as far as this API writes them: its lines end with LF.
 * Comments count as a sign of life, nothing else.
 * @param onBytes called whenever something arrived
 */
export async function * readMessages (body: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<Message, void, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onBytes()
      text += decoder.decode(value, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() as string
      for (const block of blocks) {
        const message = parse(block)
        if (message !== undefined) yield message
      }
    }
  } finally {
    // Lets go of the connection also where the iteration is left early.
    reader.cancel().catch(() => {})
  }
}

function parse (block: string): Message | undefined {
  const message: Message = { id: '', event: 'message', data: '' }
  const data: string[] = []
  for (const line of block.split('\n')) {
    // With s: JSON may hold U+2028 and U+2029 as they are, where a dot would stop otherwise.
    const [, name, value = ''] = /^([^:]+):? ?(.*)$/s.exec(line) ?? []
    if (name === 'data') data.push(value)
    if (name === 'id' || name === 'event') message[name] = value
  }
  return data.length === 0 ? undefined : { ...message, data: data.join('\n') }
}
