import t from 'tap'
import { isSameJson, isStorableJson, storableText, toJson, toJsonText } from '../lib/json.js'

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

t.test('the same JSON', async t => {
  const same: Array<[one: string, other: string]> = [
    ['1', '1.0'], ['0', '-0'], ['"a"', '"\\u0061"'], ['null', 'null'], ['[]', '[ ]'], ['{}', '{}'], ['[1,[2]]', '[1,[2]]'],
    ['{"a":1,"b":{"c":[]}}', '{"b":{"c":[]},"a":1}'], ['{"__proto__":1}', '{"__proto__":1}'], ['{"constructor":{"prototype":1}}', '{"constructor":{"prototype":1}}']
  ]
  for (const [one, other] of same) t.ok(isSameJson(JSON.parse(one), JSON.parse(other)), `${one} and ${other}`)
  const different: Array<[one: string, other: string]> = [
    ['1', '2'], ['1', '"1"'], ['0', 'null'], ['null', '{}'], ['[]', '{}'], ['[1]', '[1,2]'], ['[1,2]', '[2,1]'], ['{"0":1}', '[1]'], ['{"a":1}', '{"b":1}'], ['{"a":{"b":1}}', '{"a":{"b":2}}'],
    ['{"__proto__":{}}', '{"a":{}}'], ['{"__proto__":1}', '{"__proto__":2}'], ['{"toString":1}', '{"valueOf":1}']
  ]
  for (const [one, other] of different) {
    t.notOk(isSameJson(JSON.parse(one), JSON.parse(other)), `${one} and ${other}`)
    t.notOk(isSameJson(JSON.parse(other), JSON.parse(one)), `${other} and ${one}`)
  }
  const deep = (end: string): unknown => JSON.parse('['.repeat(100_000) + end + ']'.repeat(100_000))
  t.ok(isSameJson(deep('1'), deep('1')), 'however deep')
  t.notOk(isSameJson(deep('1'), deep('2')))
})
