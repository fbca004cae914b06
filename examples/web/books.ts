export interface Book {
  id: string
  title: string
  /** What the visitor should know before picking it. */
  note: string
}

/** The books of examples/texts. */
export const books: Book[] = [
  { id: 'alice-in-wonderland', title: "Alice's Adventures in Wonderland", note: 'Lewis Carroll, the whole book' },
  { id: 'tom-sawyer', title: 'The Adventures of Tom Sawyer', note: 'Mark Twain, ten chapters' },
  { id: 'opticks', title: 'Opticks', note: 'Isaac Newton, the third book' },
  { id: 'die-verwandlung', title: 'Die Verwandlung', note: 'Franz Kafka, in German: will be refused' }
]

const texts = new Map<string, Promise<string>>()

/** The text of a book, fetched once. */
export function readBook (id: string): Promise<string> {
  const known = texts.get(id)
  if (known !== undefined) return known
  const text = load(id)
  texts.set(id, text)
  // After a failure, the next call fetches again.
  text.catch(() => { texts.delete(id) })
  return text
}

async function load (id: string): Promise<string> {
  const response = await fetch(`/texts/${encodeURIComponent(id)}.txt`)
  if (!response.ok) throw new Error(`The server answered ${response.status}`)
  return response.text()
}
