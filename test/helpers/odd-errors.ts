import { inspect } from 'node:util'
import { JobError } from '../../lib/base/errors.js'

/* What processors throw and log that is not easily read. A new case is a line. */

const throwing = (...names: string[]): PropertyDescriptorMap =>
  Object.fromEntries(names.map(name => [name, { get () { throw new Error(`no ${name}`) } }]))

const refuse = (): never => { throw new Error('no') }

/** An error that is its own cause, by way of another. */
function inCircle<E extends Error> (error: E): E {
  const cause = new Error('the cause', { cause: error })
  return Object.assign(error, { cause })
}

/** So many errors, each the cause of the one before. */
function chain (length: number): Error {
  let error = new Error('the last')
  for (let n = 1; n < length; n++) error = new Error(`${n}`, { cause: error })
  return error
}

/** Each with the message that is told of it. */
export const ODD_ERRORS: Record<string, [make: () => unknown, message: string]> = {
  frozen: [() => Object.freeze(new TypeError('frozen')), 'frozen'],
  sealed: [() => Object.seal(new RangeError('sealed')), 'sealed'],
  'not extensible': [() => Object.preventExtensions(new Error('not extensible')), 'not extensible'],
  'with getters that throw': [() => Object.defineProperties(new Error('getters'), throwing('stack', 'cause', 'name', 'code', 'detail', 'toString', 'toJSON')), 'getters'],
  'with a message that throws': [() => Object.defineProperties(new Error(''), throwing('message')), '[cannot be read]'],
  'with enumerable getters that throw': [() => Object.defineProperty(new Error('enumerable'), 'detail', { enumerable: true, get: refuse }), 'enumerable'],
  'with a message that is no text': [() => Object.assign(new Error(''), { message: { a: 1n } }), '{ a: 1n }'],
  'with a name and a stack that are no text': [() => Object.assign(new Error('names'), { name: Symbol('a'), stack: 5 }), 'names'],
  'with fields that are no JSON': [() => Object.assign(new Error('fields'), { big: 1n, self: globalThis, code: () => {} }), 'fields'],
  'a Proxy': [() => new Proxy(new Error('proxy'), {}), 'proxy'],
  'a Proxy that says nothing': [() => new Proxy(new Error('silent'), { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse }), 'silent'],
  'a class of its own': [() => new (class Odd extends Error { #secret = 'odd'; override get message () { return this.#secret } })(), 'odd'],
  'of another realm': [() => Object.setPrototypeOf(new Error('elsewhere'), null) as unknown, 'elsewhere'],
  'in a circle': [() => inCircle(new Error('round')), 'round'],
  'the cause of itself': [() => { const error = new Error('itself'); error.cause = error; return error }, 'itself'],
  'with a thousand causes': [() => chain(1_000), '999'],
  'with many errors in it': [() => new AggregateError([new Error('a'), Object.freeze(new Error('b'))], 'many'), 'many'],
  'inspected with an error': [() => ({ [inspect.custom]: refuse }), '[cannot be read]'],
  'no object': [() => 1n, '1n'],
  null: [() => null, 'null'],
  undefined: [() => undefined, 'undefined']
}

const base = (options = {}): JobError => new JobError('NO_TEXT', 'There is no text', { status: 422, ...options })

/** JobErrors that must be known as such: final, and shown to clients. */
export const ODD_JOB_ERRORS: Record<string, () => JobError> = {
  frozen: () => Object.freeze(base()),
  sealed: () => Object.seal(base()),
  'with getters that throw': () => Object.defineProperties(base(), throwing('stack', 'cause', 'toJSON')),
  'with data that throws': () => Object.defineProperties(base(), throwing('data')),
  'with data that holds itself': () => { const data: { self?: object } = {}; data.self = data; return base({ data }) },
  'with data that cannot be inspected': () => base({ data: { toJSON: refuse, [inspect.custom]: refuse } }),
  'in a circle': () => inCircle(base()),
  'with a cause that is a JobError in a circle': () => base({ cause: inCircle(base({ data: 1n })) }),
  'with a cause that is frozen': () => base({ cause: Object.freeze(new Error('frozen')) })
}
