import t from 'tap'
import { Type, type TSchema } from '@sinclair/typebox'
import { JobError } from '../../lib/base/errors.js'
import { createChecks } from '../../lib/definition/checks.js'
import { createOutputCheck, type OutputCheck } from '../../lib/worker/output.js'

const circular: { self?: object } = {}
circular.self = circular

t.test('what is stored is the JSON of what was returned', async t => {
  const cases: Array<[name: string, schema: TSchema, returned: unknown, stored: unknown]> = [
    ['an object', Type.Object({ n: Type.Number() }), { n: 1 }, { n: 1 }],
    ['a string', Type.String(), '', ''],
    ['false', Type.Boolean(), false, false],
    ['an array', Type.Array(Type.Number()), [1, 2], [1, 2]],
    ['nothing', Type.Null(), undefined, null],
    ['null', Type.Null(), null, null],
    ['a date', Type.Object({ at: Type.String({ format: 'date-time' }) }), { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['an undefined field', Type.Object({ n: Type.Optional(Type.Number()) }), { n: undefined }, {}],
    ['what has a toJSON', Type.Number(), { toJSON: () => 5 }, 5],
    ['an instance of a class', Type.Object({ n: Type.Number() }), new (class { n = 1; #secret = 2; get double () { return this.#secret } })(), { n: 1 }],
    ['a map', Type.Object({}), new Map([['a', 1]]), {}],
    ['fields that the schema does not know', Type.Object({ n: Type.Number() }), { n: 1, more: [true] }, { n: 1, more: [true] }],
    ['an unknown field where none may be', Type.Object({ n: Type.Number() }, { additionalProperties: false }), { n: 1, more: 2 }, { n: 1 }],
    ['a field that has a default', Type.Object({ n: Type.Number({ default: 5 }) }), {}, { n: 5 }],
    ['not a number, where null may be', Type.Union([Type.Number(), Type.Null()]), NaN, null],
    ['a function in an array', Type.Array(Type.Null()), [() => {}], [null]],
    ['an email', Type.String({ format: 'email' }), 'ada@example.com', 'ada@example.com'],
    ['a format that nobody knows', Type.String({ format: 'isbn' }), 'x', 'x'],
    ['anything', Type.Unknown(), { deep: [{ er: null }] }, { deep: [{ er: null }] }]
  ]
  for (const [name, schema, returned, stored] of cases) t.strictSame(await checkBy(schema)(returned), stored, name)
})

t.test('what is stored is a copy', async t => {
  const returned = { list: [1] }
  const stored = await checkBy(Type.Unknown())(returned) as typeof returned
  returned.list.push(2)
  t.strictSame(stored, { list: [1] })
})

t.test('keys that mean something elsewhere are keys', async t => {
  const stored = await checkBy(Type.Unknown())(JSON.parse('{"__proto__":{"polluted":true}}')) as object
  t.equal(Object.getPrototypeOf(stored), Object.prototype)
  t.equal(JSON.stringify(stored), '{"__proto__":{"polluted":true}}')
})

t.test('an output that does not match', async t => {
  const number = Type.Object({ n: Type.Number() })
  const cases: Array<[name: string, schema: TSchema, returned: unknown, reason: string, cause?: string]> = [
    ['nothing', number, undefined, 'The output must be object'],
    ['an array', number, [], 'The output must be object'],
    ['a missing field', number, {}, 'The output must have required property \'n\''],
    ['an undefined field', number, { n: undefined }, 'The output must have required property \'n\''],
    ['a field of a wrong type', number, { n: '1' }, 'The output /n must be number'],
    ['not a number', number, { n: NaN }, 'The output /n must be number'],
    ['infinity', number, { n: Infinity }, 'The output /n must be number'],
    ['more than one field', Type.Object({ a: Type.Number(), b: Type.Number() }), { a: '', b: '' }, 'The output /a must be number; /b must be number'],
    ['something where nothing is promised', Type.Null(), 0, 'The output must be null'],
    ['a date of another format', Type.Object({ at: Type.String({ format: 'date' }) }), { at: new Date(0) }, 'The output /at must match format "date"'],
    ['an email that is none', Type.String({ format: 'email' }), 'ada', 'The output must match format "email"'],
    ['a UUID that is none', Type.String({ format: 'uuid' }), 'ada', 'The output must match format "uuid"'],
    ['a big integer', Type.Unknown(), { n: 1n }, 'The output is not JSON', 'Do not know how to serialize a BigInt'],
    ['what holds itself', Type.Unknown(), circular, 'The output is not JSON', 'Converting circular structure to JSON'],
    ['a function', Type.Unknown(), () => {}, 'The output is not JSON, but of type function'],
    ['a symbol', Type.Unknown(), Symbol('a'), 'The output is not JSON, but of type symbol'],
    ['a toJSON that throws', Type.Unknown(), { toJSON () { throw new Error('not today') } }, 'The output is not JSON', 'not today'],
    ['a toJSON that gives nothing', Type.Unknown(), { toJSON () {} }, 'The output is not JSON, but of type object']
  ]
  for (const [name, schema, returned, reason, cause] of cases) {
    const error = await refusalOf(() => checkBy(schema)(returned))
    t.type(error, JobError, name)
    t.match(error, {
      code: 'OUTPUT_INVALID',
      message: 'The job produced an output that does not have the promised form.',
      data: undefined,
      status: undefined,
      retryable: true
    })
    t.type(error.cause, TypeError)
    t.equal((error.cause as Error).message, reason)
    t.match((error.cause as Error).cause, cause === undefined ? undefined : { message: cause })
  }
})

t.test('a toJSON that throws what is no error', async t => {
  for (const thrown of [undefined, null, 'a string']) {
    const error = await refusalOf(() => checkBy(Type.Unknown())({ toJSON () { throw thrown } }))
    t.type(error, JobError)
    t.strictSame((error.cause as Error).cause, thrown)
  }
})

function checkBy (output: TSchema, takesAllText?: boolean): OutputCheck {
  return createOutputCheck(createChecks({ name: 'job', input: Type.Null(), output }).output, takesAllText)
}

async function refusalOf (call: () => Promise<unknown>): Promise<JobError> {
  return await call().then(() => { throw new Error('It was not refused') }, (error: unknown) => error as JobError)
}

t.test('what the store cannot keep', async t => {
  const check = checkBy(Type.Unknown(), false)
  t.strictSame(await check({ text: 'page 1\fpage 2' }), { text: 'page 1\fpage 2' })
  for (const text of ['page 1\0page 2', '\ud800']) {
    t.match(await refusalOf(() => check({ text })), { code: 'OUTPUT_INVALID', cause: { message: 'The output has characters that PostgreSQL does not store: U+0000, or half a surrogate pair' } })
  }
})
