import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Processor } from 'fastify-async-jobs'
import type { analysis } from './analysis.job.js'
import { keySentences } from './key-sentences.js'
import { read, type Sentence } from './language.js'
import { splitIntoPieces } from './pieces.js'
import { readability, syllablesOf, wordsOf } from './readability.js'
import { Tally } from './tally.js'

const MOST_SECTIONS = 40
const SHORTEST_SECTION = 500 // characters

export const analyse: Processor<typeof analysis> = async ({ text, title }, { progress, write, signal, log }) => {
  const pieces = splitIntoPieces(text)
  const paragraphs = pieces.at(-1)?.paragraph ?? 0
  const total = pieces.reduce((sum, piece) => sum + piece.text.length, 0)
  const sectionLength = Math.max(total / MOST_SECTIONS, SHORTEST_SECTION)
  log.info({ title, paragraphs }, 'analysing')

  const sentences: Sentence[] = []
  const entities = new Tally()
  const keywords = new Tally()
  const bySection: Array<{ position: number, score: number }> = []
  let done = 0
  let words = 0
  let syllables = 0
  let sectionStart = 0
  let names = new Set<string>()

  for (const [index, piece] of pieces.entries()) {
    // Whatever else this process does, such as answering requests, gets its turn between two pieces.
    await nextTurn()
    signal.throwIfAborted()

    const found = read(piece.text)
    sentences.push(...found.sentences)
    for (const { value, type } of found.entities) {
      entities.add(value, type)
      if (type === 'NAME') names.add(value)
    }
    for (const term of found.sentences.flatMap(sentence => sentence.terms)) keywords.add(term)
    for (const word of wordsOf(piece.text)) {
      words++
      syllables += syllablesOf(word)
    }

    done += piece.text.length
    const sectionEnds = done >= sectionLength * (bySection.length + 1)
    if (sectionEnds || index === pieces.length - 1) {
      const position = Math.round(100 * done / total)
      const section = { position, score: meanSentiment(sentences.slice(sectionStart)) }
      bySection.push(section)
      sectionStart = sentences.length
      // Who watches the job sees the analysis grow.
      await write({ ...section, names: [...names] })
      names = new Set()
      await progress(position, `paragraph ${piece.paragraph} of ${paragraphs}`)
    }
  }

  return {
    ...(title !== undefined && { title }),
    statistics: { characters: text.length, words, sentences: sentences.length, paragraphs },
    sentiment: { score: meanSentiment(sentences), bySection },
    entities: entities.top(30),
    keywords: keywords.top(30).map(({ value, count }) => ({
      term: value,
      count,
      perThousand: Number((1000 * count / words).toFixed(2))
    })),
    readability: readability({ words, sentences: sentences.length, syllables }),
    keySentences: keySentences(sentences, keywords, 5)
  }
}

/** So that the module can also be given by its URL and run in a thread or process of its own. */
export default analyse

function meanSentiment (sentences: Sentence[]): number {
  const sum = sentences.reduce((sum, { sentiment }) => sum + sentiment, 0)
  return Number((sum / Math.max(sentences.length, 1)).toFixed(3))
}
