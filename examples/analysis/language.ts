import winkNLP, { type Detail, type ItemSentence, type ItemToken, type ItsFunction } from 'wink-nlp'
import model from 'wink-eng-lite-web-model'

export interface Entity {
  value: string
  /** `NAME`, or one of wink's: `DATE`, `TIME`, `DURATION`, `MONEY`, `EMAIL`, `URL` and so on. */
  type: string
}

export interface Sentence {
  text: string
  /** Its nouns, as a dictionary lists them. */
  terms: string[]
  /** -1 to 1; 0 also where no word carries a feeling. */
  sentiment: number
}

/** A list of "one" and "first" tells nothing about a text. */
const DULL_TYPES = new Set(['CARDINAL', 'ORDINAL'])

// Loaded with this module, not with the first job: it takes some 60 ms, during which nothing else runs.
// It keeps every word it ever meets, at some 100 bytes: restart a worker that reads without end now and then.
const nlp = winkNLP(model, ['sbd', 'negation', 'sentiment', 'ner', 'pos'])
const { its } = nlp
// Its own type forgets that a few words, such as "wont", have none.
const lemma = its.lemma as ItsFunction<string | undefined>

/** Reads a piece of English text, in one go: about 1 ms for 1,000 characters. */
export function read (text: string): { sentences: Sentence[], entities: Entity[] } {
  const document = nlp.readDoc(text)
  const sentences: Sentence[] = []
  const entities = document.entities().out(its.detail) as Detail[]
  const names: Entity[] = []
  document.sentences().each((sentence: ItemSentence) => {
    const nouns = nounsOf(sentence)
    sentences.push({
      text: sentence.out(),
      terms: nouns.terms,
      sentiment: Number(sentence.out(its.sentiment))
    })
    names.push(...nouns.names.map(value => ({ value, type: 'NAME' })))
  })
  return { sentences, entities: [...names, ...entities.filter(({ type }) => !DULL_TYPES.has(type))] }
}

function nounsOf (sentence: ItemSentence): { terms: string[], names: string[] } {
  const terms: string[] = []
  const names: string[] = []
  let name: string[] = []

  const endName = () => {
    if (name.length > 0) names.push(name.join(' '))
    name = []
  }

  sentence.tokens().each((token: ItemToken) => {
    const partOfSpeech = token.out(its.pos)
    // The model finds no names: they are the capitalised proper nouns in a row. It takes "I'm" for one.
    const part = withoutGenitive(token.out())
    if (partOfSpeech === 'PROPN' && /^(?!I['’])\p{Lu}./u.test(part)) name.push(part)
    else endName()

    if (partOfSpeech !== 'NOUN' && partOfSpeech !== 'PROPN') return
    const term = withoutGenitive(token.out(lemma) ?? token.out(its.normal))
    if (/^\p{L}{2}/u.test(term) && !token.out(its.stopWordFlag)) terms.push(term)
  })
  endName()
  return { terms, names }
}

/** Whether "Alice's" is one token or two depends on where wink met it first. */
function withoutGenitive (word: string): string {
  return word.replace(/['’]s$/, '')
}
