import t from 'tap'
import { readSandboxMessage } from '../../../lib/worker/sandbox/messages.js'

const failure = { name: 'Error', message: 'a' }
const line = { level: 'info', fields: {}, errors: {} }
const deep = `${'{"name":"a","message":"b","cause":'.repeat(100_000)}null${'}'.repeat(100_000)}`

t.test('what ours say is read', async t => {
  const messages: object[] = [
    { type: 'loaded' },
    { type: 'unloadable', failure },
    { type: 'completed', output: null },
    { type: 'failed', failure: { ...failure, stack: 'a', cause: { ...failure, jobError: { code: 'A' } } } },
    { type: 'died', failure },
    { type: 'progress', id: 0, percent: 5, message: 'a' },
    { type: 'write', id: 1, chunks: [1, null] },
    { type: 'log', id: 2, lines: [line, { ...line, errors: { err: failure }, message: 'a' }] }
  ]
  for (const message of messages) t.strictSame(readSandboxMessage(JSON.stringify(message)), message)
})

t.test('what is nothing that ours say is not', async t => {
  const odd: unknown[] = [
    undefined, null, 5, {}, [], { type: 'loaded' }, '', 'text', 'null', '5', '[]', '"loaded"', '{}', '{"type":"loaded"',
    ...[
      { type: null }, { type: 5 }, { type: 'toString' }, { type: '__proto__' }, { type: 'log' }, { type: 'failed' }, { type: 'completed' },
      { type: 'failed', failure: null }, { type: 'failed', failure: 'a' }, { type: 'failed', failure: { name: 'Error' } }, { type: 'failed', failure: { name: 5, message: '' } },
      { type: 'failed', failure: { ...failure, cause: null } }, { type: 'failed', failure: { ...failure, jobError: null } }, { type: 'failed', failure: { ...failure, jobError: { code: 5 } } },
      { type: 'unloadable' }, { type: 'died' },
      { type: 'progress', percent: 5 }, { type: 'write', id: 1, chunks: 'a' }, { type: 'write', chunks: [] },
      { type: 'log', id: 1, lines: {} }, { type: 'log', lines: [] },
      { type: 'log', id: 1, lines: [null] }, { type: 'log', id: 1, lines: [{ ...line, level: 'warning' }] }, { type: 'log', id: 1, lines: [{ ...line, level: 'constructor' }] },
      { type: 'log', id: 1, lines: [{ ...line, fields: null }] }, { type: 'log', id: 1, lines: [{ ...line, errors: null }] }, { type: 'log', id: 1, lines: [{ ...line, errors: { err: null } }] }
    ].map(message => JSON.stringify(message)),
    `{"type":"failed","failure":${deep}}`
  ]
  for (const text of odd) t.equal(readSandboxMessage(text), undefined, typeof text === 'string' ? text.slice(0, 100) : typeof text)
})
