export interface Piece {
  text: string
  /** The paragraph it belongs to, from 1. */
  paragraph: number
}

/**
 * The language model takes a piece in one go, so its length bounds how long the event loop is held:
 * about 1 ms for prose, some 30 ms for what its tokeniser likes least, such as `://` all along.
 */
const LONGEST = 800

/** The paragraphs of a text, each on one line; long ones in several pieces. */
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

/** Behind the last sentence that ends here; else behind the last word; else at the end. */
function cutAt (text: string): number {
  const sentenceEnd = Math.max(text.lastIndexOf('. '), text.lastIndexOf('! '), text.lastIndexOf('? '))
  const wordEnd = sentenceEnd === -1 ? text.lastIndexOf(' ') : sentenceEnd + 1
  return wordEnd === -1 ? text.length : wordEnd + 1
}
