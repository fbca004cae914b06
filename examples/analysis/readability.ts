/** The speed at which people read English prose silently, on average, in words a minute (Brysbaert 2019). */
const READING_SPEED = 238

export interface Measures {
  words: number
  sentences: number
  syllables: number
}

/** Measures how hard a text is to read. */
export function readability ({ words, sentences, syllables }: Measures) {
  const wordsPerSentence = words / Math.max(sentences, 1)
  const fleschReadingEase = 206.835 - 1.015 * wordsPerSentence - 84.6 * syllables / words
  return {
    fleschReadingEase: words === 0 ? null : Number(fleschReadingEase.toFixed(1)),
    wordsPerSentence: Number(wordsPerSentence.toFixed(1)),
    readingMinutes: Number((words / READING_SPEED).toFixed(1))
  }
}

export function wordsOf (text: string): string[] {
  return text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []
}

/**
 * Counts the syllables of a word by its spelling: groups of vowels, without a silent e at the end. That is right for
 * most words, not for all.
 */
export function syllablesOf (word: string): number {
  const vowels = word.match(/[aeiouyæœ]+/gi)?.length ?? 0
  const silent = /(?:[^aeiouyl]|[aeiouy]l)e$|[^aeiouytd]ed$|[^aeiouylscxzgh]es$/i.test(word)
  return Math.max(1, silent ? vowels - 1 : vowels)
}
