/**
 * Frequent words of English. In English prose, four of ten words are one of these, in other languages one of twenty.
 */
const FUNCTION_WORDS = new Set((
  'the of and to a in is was that it he she they we you i his her with as for on at by be had have not but from or this ' +
  'are were which all an so my your their one there what if would when who will no out up said do into them him me'
).split(' '))

/** The least words for a decision. Fewer words, such as a headline or a list of names, tell nothing. */
const FEWEST = 20

/** The most words to look at. More take time, and tell no more. */
const MOST = 2_000

/** Whether a text is English; undefined if it is too short to tell. */
export function isEnglish (words: string[]): boolean | undefined {
  const sample = words.slice(0, MOST)
  if (sample.length < FEWEST) return undefined
  return sample.filter(word => FUNCTION_WORDS.has(word.toLowerCase())).length / sample.length > 0.1
}
