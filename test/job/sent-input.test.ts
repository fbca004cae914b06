import t from 'tap'
import { hashOfInput, jsonInput } from '../../lib/job/sent-input.js'

const hashOf = (json: string): string => hashOfInput(JSON.parse(json))

t.test('the same JSON', async t => {
  const same: Array<[one: string, other: string]> = [
    ['1', '1.0'], ['0', '-0'], ['"a"', '"\\u0061"'], ['null', 'null'], ['[]', '[ ]'], ['{}', '{}'], ['[1,[2]]', '[1,[2]]'],
    ['{"a":1,"b":{"c":[]}}', '{"b":{"c":[]},"a":1}'], ['{"__proto__":1}', '{"__proto__":1}'], ['{"constructor":{"prototype":1}}', '{"constructor":{"prototype":1}}']
  ]
  for (const [one, other] of same) t.equal(hashOf(one), hashOf(other), `${one} and ${other}`)
  const different: Array<[one: string, other: string]> = [
    ['1', '2'], ['1', '"1"'], ['0', 'null'], ['null', '{}'], ['[]', '{}'], ['[1]', '[1,2]'], ['[1,2]', '[2,1]'], ['{"0":1}', '[1]'], ['{"a":1}', '{"b":1}'], ['{"a":{"b":1}}', '{"a":{"b":2}}'],
    ['[1,2]', '[12]'], ['[[1],2]', '[[1,2]]'], ['["a,b"]', '["a","b"]'], ['{"__proto__":{}}', '{"a":{}}'], ['{"__proto__":1}', '{"__proto__":2}'], ['{"toString":1}', '{"valueOf":1}']
  ]
  for (const [one, other] of different) t.not(hashOf(one), hashOf(other), `${one} and ${other}`)
  const deep = (end: string): string => '['.repeat(100_000) + end + ']'.repeat(100_000)
  t.equal(hashOf(deep('1')), hashOf(deep('1')), 'however deep')
  t.not(hashOf(deep('1')), hashOf(deep('2')))
})

t.test('what a client would send', async t => {
  t.strictSame(jsonInput({ at: new Date(0), none: undefined }), { at: '1970-01-01T00:00:00.000Z' })
  const endless: { self?: object } = {}
  endless.self = endless
  for (const given of [endless, { big: 1n }, undefined, () => {}]) t.throws(() => jsonInput(given), { code: 'INPUT_INVALID', statusCode: 400 })
})
