import type { Sentence } from './language.js'
import type { Tally } from './tally.js'

// In characters. Shorter sentences are exclamations, longer ones are no summary.
const SHORTEST = 60
const LONGEST = 300

/** Picks the sentences that say most of what the text is about, in the order of the text. */
export function keySentences (sentences: Sentence[], keywords: Tally, size: number): string[] {
  const candidates = sentences
    .filter(({ text }) => text.length >= SHORTEST && text.length <= LONGEST && startsLikeOne(text))
    .map(sentence => ({ sentence, terms: [...new Set(sentence.terms)] }))
  const chosen = new Set<Sentence>()
  const said = new Set<string>()

  while (chosen.size < size) {
    let best: typeof candidates[number] | undefined
    let highest = 0
    for (const candidate of candidates) {
      // A term counts only for the first sentence that has it. Otherwise all sentences would say the same.
      const fresh = candidate.terms.filter(term => !said.has(term))
      const weight = fresh.reduce((sum, term) => sum + keywords.count(term), 0)
      const score = weight / Math.sqrt(candidate.sentence.text.length)
      if (score > highest) [best, highest] = [candidate, score]
    }
    if (best === undefined) break
    chosen.add(best.sentence)
    for (const term of best.terms) said.add(term)
  }
  return sentences.filter(sentence => chosen.has(sentence)).map(({ text }) => text)
}

/** Whether a text begins like a sentence. What follows a quotation does not: "said Alice". */
function startsLikeOne (text: string): boolean {
  return /^\P{L}*\p{Lu}/u.test(text)
}
