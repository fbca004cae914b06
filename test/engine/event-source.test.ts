import t from 'tap'
import { readerOf } from '../../lib/engine/event-source.js'

type Streams = Array<[key: string, entries: Array<[id: string, fields: string[]]>]>

/** Backends that answer one after the other; an error is thrown, and what follows comes from another backend. */
function backends (...answers: Array<Streams | null | Error>): { open: () => never, opened: () => number, closed: () => number, asked: unknown[] } {
  let opened = 0
  let closed = 0
  const asked: unknown[] = []
  return {
    asked,
    opened: () => opened,
    closed: () => closed,
    open: () => {
      opened++
      return {
        on () {},
        async close () {
          closed++
          throw new Error('away')
        },
        readEvents: async (...question: unknown[]) => {
          asked.push(question)
          const answer = answers.shift()
          if (answer instanceof Error) throw answer
          return answer
        }
      } as never
    }
  }
}

t.test('tells of each event what it was, and of which job', async t => {
  const { open, asked } = backends([['key', [
    ['1-0', ['event', 'completed', 'jobId', 'a', 'returnvalue', '"event"']],
    ['1-1', ['jobId', 'jobId', 'event', 'jobId']],
    ['1-2', ['event', 'drained']]
  ]]])
  t.strictSame(await readerOf(open, 7)('0-0'), [{ id: '1-0', event: 'completed', jobId: 'a' }, { id: '1-1', event: 'jobId', jobId: 'jobId' }, { id: '1-2', event: 'drained', jobId: undefined }])
  t.strictSame(asked, [['0-0', 7]])
})

t.test('a malformed entry is an event of no kind', async t => {
  const { open } = backends([['key', [['1-0', ['jobId']], ['1-1', []], ['1-2', ['event']], ['1-3', ['x', 'event', 'y', 'jobId']]]]])
  t.strictSame(await readerOf(open)('0'), ['1-0', '1-1', '1-2', '1-3'].map(id => ({ id, event: '', jobId: undefined })))
})

t.test('no events', async t => {
  const { open, opened } = backends(null, [], [['key', []]])
  const read = readerOf(open)
  for (let time = 0; time < 3; time++) t.strictSame(await read('0'), [])
  t.equal(opened(), 1)
})

t.test('another backend is opened where reading failed', async t => {
  const { open, opened, closed } = backends(new Error('broken'), [['key', [['1-0', ['event', 'added']]]]])
  const read = readerOf(open)
  await t.rejects(read('0'), { message: 'broken' })
  t.match(await read('0'), [{ id: '1-0' }])
  t.strictSame([opened(), closed()], [2, 1])
})
