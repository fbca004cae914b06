import type { analysis } from '../analysis/analysis.job.js'
import { isNetworkError, type InputOf } from 'fastify-async-jobs/client'
import { books, readBook } from './books.js'
import { el, find, setText } from './element.js'
import { count } from './format.js'
import { describe, type Trouble } from './trouble.js'

export interface Submission {
  input: InputOf<typeof analysis> & { title: string }
  /** The book whose text it is, if the visitor has not changed it. */
  book: string | undefined
}

export interface Form {
  /** Submits a book. */
  submitBook (id: string): void
  /** Puts a text into the form, for the visitor to submit. */
  fill (text: string, book: string | undefined): void
}

/** How many characters of a text serve as its title. */
const TITLE_LENGTH = 48

/**
 * Makes the form for a new analysis.
 * @param submit submits it; the form shows the error if it rejects
 */
export function createForm (submit: (submission: Submission) => Promise<void>): Form {
  const form = find('form', HTMLFormElement)
  const book = find('book', HTMLSelectElement)
  const text = find('text', HTMLTextAreaElement)
  const pace = find('pace', HTMLSelectElement)
  const length = find('length', HTMLElement)
  const error = find('form-error', HTMLElement)
  const button = find('submit', HTMLButtonElement)

  book.append(el('option', { value: '' }, 'my own'), ...books.map(({ id, title, note }) => el('option', { value: id }, `${title} (${note})`)))

  const showLength = (): void => { setText(length, `${count(text.value.length)} characters`) }

  const showError = (trouble: Trouble | undefined): void => {
    error.hidden = trouble === undefined
    text.setAttribute('aria-invalid', String(trouble !== undefined))
    error.replaceChildren(...trouble === undefined ? [] : [el('strong', {}, trouble.title), el('span', {}, trouble.detail)])
  }

  const loadBook = async (): Promise<void> => {
    const id = book.value
    showError(undefined)
    text.value = ''
    showLength()
    if (id === '') return
    try {
      const loaded = await readBook(id)
      if (book.value !== id) return
      text.value = loaded
      text.scrollTop = 0
      showLength()
    } catch (cause) {
      showError({ title: 'The book could not be fetched', detail: describe(cause).detail })
      book.value = ''
    }
  }

  const send = async (): Promise<void> => {
    if (text.value.trim() === '') {
      showError({ title: 'There is no text yet', detail: 'Paste one, or pick a book.' })
      text.focus()
      return
    }
    showError(undefined)
    button.disabled = true
    setText(button, 'Submitting…')
    try {
      const chosen = books.find(({ id }) => id === book.value)
      await submit({ input: { text: text.value, title: chosen?.title ?? titleOf(text.value), pace: Number(pace.value) }, book: chosen?.id })
    } catch (cause) {
      showError(isNetworkError(cause)
        ? { title: 'The server does not answer', detail: 'Whether it got the text is not known. Submit it again later.' }
        : describe(cause))
    } finally {
      button.disabled = false
      setText(button, 'Analyse')
    }
  }

  book.addEventListener('change', () => { void loadBook() })
  text.addEventListener('input', () => {
    // A text that the visitor has changed is no longer the book's.
    book.value = ''
    showError(undefined)
    showLength()
  })
  form.addEventListener('submit', event => {
    event.preventDefault()
    void send()
  })

  return {
    submitBook (id) {
      book.value = id
      void loadBook().then(() => text.value === '' ? undefined : send())
    },
    fill (newText, newBook = '') {
      book.value = newBook
      text.value = newText
      showError(undefined)
      showLength()
      button.focus()
    }
  }
}

/** The first words. */
function titleOf (text: string): string {
  const words = text.trim().slice(0, 2 * TITLE_LENGTH).replace(/\s+/g, ' ')
  return words.length <= TITLE_LENGTH ? words : `${words.slice(0, TITLE_LENGTH - 1).trimEnd()}…`
}
