/**
 * Where a piece of a text ends in it. Pieces have their white space tidied, so what counts are the other characters.
 * @param start where it starts, or white space before that
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
