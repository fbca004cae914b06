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
  /** From -1 to 1; 0 also if no word carries a feeling. */
  sentiment: number
}

/** Types that are left out: a list of "one" and "first" tells nothing about a text. */
const DULL_TYPES = new Set(['CARDINAL', 'ORDINAL'])

// The model is loaded with this module and not with the first job: loading takes some 60 ms, during which nothing else
// runs.
// The model keeps every word that it meets, at some 100 bytes each. Restart a worker now and then if it reads without
// end.
const nlp = winkNLP(model, ['sbd', 'negation', 'sentiment', 'ner', 'pos'])
const { its } = nlp
// The type of wink does not say that a few words, such as "wont", have no lemma.
const lemma = its.lemma as ItsFunction<string | undefined>

/** Reads a piece of English text. It holds the event loop for about 1 ms per 1,000 characters. */
export function read (text: string): { sentences: Sentence[], entities: Entity[] } {
  const document = nlp.readDoc(text)
  const sentences: Sentence[] = []
  // wink's types leave open what `its.detail` returns.
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
    // The model finds no names. A name is a row of capitalised proper nouns. The model takes "I'm" for one.
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

/** Removes the genitive. Whether wink makes one token of "Alice's" or two depends on where it met the word first. */
function withoutGenitive (word: string): string {
  return word.replace(/['’]s$/, '')
}
