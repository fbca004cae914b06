export interface Piece {
  text: string
  /** The number of its paragraph, from 1. */
  paragraph: number
}

/**
 * The longest piece, in characters. The language model holds the event loop while it reads a piece: about 1 ms for
 * prose, and some 30 ms for the text that its tokeniser likes least, such as nothing but `://`.
 */
const LONGEST = 800

/** Splits a text into its paragraphs, each on one line, and long paragraphs into several pieces. */
export function splitIntoPieces (text: string): Piece[] {
  return text
    .split(/\n\s*\n/)
    .map(paragraph => paragraph.replace(/\s+/g, ' ').trim())
    .filter(paragraph => paragraph !== '')
    .flatMap((paragraph, index) => cut(paragraph).map(text => ({ text, paragraph: index + 1 })))
}

function cut (paragraph: string): string[] {
  const parts: string[] = []
  let start = 0
  while (paragraph.length - start > LONGEST) {
    const end = start + cutAt(paragraph.slice(start, start + LONGEST))
    parts.push(paragraph.slice(start, end))
    start = end
  }
  return [...parts, paragraph.slice(start)]
}

/**
 * Where to cut: behind the last sentence that ends here; without one, behind the last word; without that, at the end.
 */
function cutAt (text: string): number {
  const sentenceEnd = Math.max(text.lastIndexOf('. '), text.lastIndexOf('! '), text.lastIndexOf('? '))
  const wordEnd = sentenceEnd === -1 ? text.lastIndexOf(' ') : sentenceEnd + 1
  return wordEnd === -1 ? text.length : wordEnd + 1
}
