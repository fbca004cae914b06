import t from 'tap'
import { isStorableJson, storableText, toJson, toJsonText } from '../../lib/base/json.js'

t.test('gives the JSON of a value', async t => {
  t.strictSame(toJson({ at: new Date(0), gone: undefined, list: [() => {}] }), { at: '1970-01-01T00:00:00.000Z', list: [null] })
})

t.test('or its text', async t => {
  t.equal(toJsonText({ a: [1, 'ä'], gone: undefined }), '{"a":[1,"ä"]}')
})

t.test('tells what a value is instead', async t => {
  t.throws(() => toJson(1n), { name: 'TypeError', message: 'is not JSON', cause: { message: /BigInt/ } })
  t.throws(() => toJson(undefined), { message: 'is not JSON, but of type undefined' })
  t.throws(() => toJson(() => {}), { message: 'is not JSON, but of type function' })
})

t.test('texts that every store takes', async t => {
  t.equal(storableText('héllo 😀\n'), 'héllo 😀\n')
  t.equal(storableText('a\0b\ud800c\udc00'), 'a\uFFFDb\uFFFDc\uFFFD')
})

t.test('a JSON that PostgreSQL takes', async t => {
  const takes = (value: unknown): boolean => isStorableJson(JSON.stringify(value))
  t.strictSame(['a', '\u2028', '😀', '\\u0000', '\\\\ud800', { '\\u0000': 1 }].map(takes), [true, true, true, true, true, true])
  t.strictSame(['\0', 'a\ud800', '\udfff!', '\\\0', { '\0': 1 }, [['\0']]].map(takes), [false, false, false, false, false, false])
})

t.test('too deep for the stack', async t => {
  let deep: unknown
  for (let level = 0; level < 100_000; level++) deep = [deep]
  t.throws(() => toJsonText(deep), { name: 'TypeError', message: 'is nested too deeply' })
})
