/**
 * Finds where a piece of a text ends in the text. The white space of pieces is tidied, so only the other characters
 * count.
 * @param start where the piece starts, or a place in the white space before it
 */
export function endOf (text: string, start: number, piece: string): number {
  let left = piece.replace(/\s+/g, '').length
  const words = /\S+/g
  words.lastIndex = start
  for (let word = words.exec(text); word !== null; word = words.exec(text)) {
    if (word[0].length >= left) return word.index + left
    left -= word[0].length
  }
  return text.length
}
