import { setImmediate as nextTurn, setTimeout as rest } from 'node:timers/promises'
import { JobError, type Processor } from 'fastify-async-jobs'
import type { analysis, Section } from './analysis.job.js'
import { isEnglish } from './english.js'
import { keySentences } from './key-sentences.js'
import { read, type Sentence } from './language.js'
import { splitIntoPieces } from './pieces.js'
import { endOf } from './range.js'
import { readability, syllablesOf, wordsOf } from './readability.js'
import { Tally } from './tally.js'

const MOST_SECTIONS = 40
const SHORTEST_SECTION = 500 // characters
/**
 * The most entities of a section, and the longest one. A section of nothing but names must not use up the output that
 * the job may write.
 */
const MOST_ENTITIES = 150
const LONGEST_ENTITY = 100

export const analyse: Processor<typeof analysis> = async ({ text, title, pace = 0 }, { progress, write, signal, log }) => {
  if (isEnglish(wordsOf(text)) === false) {
    throw new JobError('NOT_ENGLISH', 'The text does not read as English, and the analysis knows no other language.', { status: 422 })
  }
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
  let from = 0
  let to = 0
  let met = new Tally()

  for (const [index, piece] of pieces.entries()) {
    // Between two pieces, the process can do other things, such as answering requests.
    await nextTurn()
    signal.throwIfAborted()

    const found = read(piece.text)
    sentences.push(...found.sentences)
    for (const { value, type } of found.entities) {
      entities.add(value, type)
      met.add(value, type)
    }
    for (const term of found.sentences.flatMap(sentence => sentence.terms)) keywords.add(term)
    for (const word of wordsOf(piece.text)) {
      words++
      syllables += syllablesOf(word)
    }

    done += piece.text.length
    to = endOf(text, to, piece.text)
    const sectionEnds = done >= sectionLength * (bySection.length + 1)
    if (sectionEnds || index === pieces.length - 1) {
      const position = Math.round(100 * done / total)
      const section = { position, score: meanSentiment(sentences.slice(sectionStart)) }
      bySection.push(section)
      sectionStart = sentences.length
      // Watchers of the job see the analysis grow.
      const newest = met.top(MOST_ENTITIES).map(({ value, type }) => ({ value: value.slice(0, LONGEST_ENTITY), type }))
      await write({ ...section, from, to, entities: newest } satisfies Section)
      from = to
      met = new Tally()
      await progress(position, `paragraph ${piece.paragraph} of ${paragraphs}`)
      // An abort ends the pause, and then the attempt.
      if (pace > 0) await rest(pace, undefined, { signal }).catch(() => signal.throwIfAborted())
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

/** With a default export, the module can also be given by its URL, and run in a thread or process of its own. */
export default analyse

function meanSentiment (sentences: Sentence[]): number {
  const sum = sentences.reduce((sum, { sentiment }) => sum + sentiment, 0)
  return Number((sum / Math.max(sentences.length, 1)).toFixed(3))
}
