import { defineJob, Type } from 'fastify-async-jobs'

const input = Type.Object({
  text: Type.String({
    minLength: 1,
    maxLength: 1_000_000,
    description: 'English text. Blank lines separate its paragraphs.',
    examples: ['Alice was beginning to get very tired of sitting by her sister on the bank.']
  }),
  title: Type.Optional(Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'What the text is called. Comes back with the output.',
    examples: ["Alice's Adventures in Wonderland"]
  })),
  pace: Type.Optional(Type.Integer({
    minimum: 0,
    maximum: 5_000,
    default: 0,
    description: 'How long to rest after each section, in ms: a book is read too fast to watch it.',
    examples: [250]
  }))
}, {
  additionalProperties: false,
  examples: [{
    title: 'Down the Rabbit-Hole',
    text: 'Alice was beginning to get very tired of sitting by her sister on the bank. It was a lovely summer day.'
  }]
})

const output = Type.Object({
  title: Type.Optional(Type.String({ description: 'The title that was posted.' })),
  statistics: Type.Object({
    characters: Type.Integer({ description: 'Characters, white space included.' }),
    words: Type.Integer({ description: 'Words and numbers.' }),
    sentences: Type.Integer({ description: 'Sentences, headings included.' }),
    paragraphs: Type.Integer({ description: 'Paragraphs, headings included.' })
  }, { description: 'How long the text is.' }),
  sentiment: Type.Object({
    score: Type.Number({ minimum: -1, maximum: 1, description: 'The mean of all sentences, from -1 (negative) to 1 (positive).' }),
    bySection: Type.Array(Type.Object({
      position: Type.Integer({ minimum: 0, maximum: 100, description: 'Where in the text the section ends, in percent.' }),
      score: Type.Number({ minimum: -1, maximum: 1, description: "The mean of the section's sentences." })
    }), { maxItems: 40, description: 'The course of the sentiment through the text, in sections of about the same length.' })
  }, { description: 'How positive the text sounds.' }),
  entities: Type.Array(Type.Object({
    value: Type.String({ description: 'As it stands in the text.' }),
    type: Type.String({ description: '`NAME`, `DATE`, `TIME`, `DURATION`, `MONEY`, `PERCENT`, `EMAIL`, `URL`, `HASHTAG`, `MENTION`, `EMOJI` and the like.' }),
    count: Type.Integer({ minimum: 1, description: 'How often it occurs.' })
  }), { maxItems: 30, description: 'Names, dates, amounts and so on, the most frequent ones first.' }),
  keywords: Type.Array(Type.Object({
    term: Type.String({ description: 'A noun, as a dictionary lists it.' }),
    count: Type.Integer({ minimum: 1, description: 'How often it occurs, in any form.' }),
    perThousand: Type.Number({ minimum: 0, description: 'The same in a thousand words, to compare texts of different length.' })
  }), { maxItems: 30, description: 'What the text is about, the most frequent terms first.' }),
  readability: Type.Object({
    fleschReadingEase: Type.Union([Type.Number(), Type.Null()], {
      description: 'From about 0 (very hard to read) to about 100 (very easy). Null for a text without words.'
    }),
    wordsPerSentence: Type.Number({ minimum: 0, description: 'The mean length of a sentence.' }),
    readingMinutes: Type.Number({ minimum: 0, description: 'How long an adult takes to read the text.' })
  }, { description: 'How hard the text is to read.' }),
  keySentences: Type.Array(Type.String(), {
    maxItems: 5,
    description: 'The sentences that say most of what the text is about, in the order of the text.'
  })
}, {
  examples: [{
    title: 'Down the Rabbit-Hole',
    statistics: { characters: 103, words: 21, sentences: 2, paragraphs: 1 },
    sentiment: { score: 0.281, bySection: [{ position: 100, score: 0.281 }] },
    entities: [
      { value: 'Alice', type: 'NAME', count: 1 },
      { value: 'summer', type: 'DATE', count: 1 },
      { value: 'day', type: 'DURATION', count: 1 }
    ],
    keywords: [
      { term: 'alice', count: 1, perThousand: 47.62 },
      { term: 'sister', count: 1, perThousand: 47.62 },
      { term: 'bank', count: 1, perThousand: 47.62 },
      { term: 'summer', count: 1, perThousand: 47.62 },
      { term: 'day', count: 1, perThousand: 47.62 }
    ],
    readability: { fleschReadingEase: 75.3, wordsPerSentence: 10.5, readingMinutes: 0.1 },
    keySentences: ['Alice was beginning to get very tired of sitting by her sister on the bank.']
  }]
})

/** The partial output of the analysis. It writes one after each section. */
export interface Section {
  /** Where the section ends in the text, in percent. */
  position: number
  /** The mean sentiment of its sentences. */
  score: number
  /** Where the section starts and ends in the text, in UTF-16 code units. */
  from: number
  to: number
  /** What was found in the section, each once. */
  entities: Array<{ value: string, type: string }>
}

/** The contract of the analysis, which server, worker and client share. */
export const analysis = defineJob({
  name: 'analysis',
  description: 'Analyses an English text: its sentiment from beginning to end, names, keywords, readability and key sentences. What is not English fails with `NOT_ENGLISH`.',
  input,
  output,
  attempts: 3,
  backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
  timeout: 600_000,
  retention: { completed: 86_400, failed: 604_800 }
})
