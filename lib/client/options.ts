import type { JobsClientOptions, RetryOptions } from '../../types/client.js'
import { OptionInvalidError } from './errors.js'

/** The options of a client, with all defaults filled in. */
export interface Settings extends Required<RetryOptions> {
  fetch?: NonNullable<JobsClientOptions['fetch']>
  headers?: NonNullable<JobsClientOptions['headers']>
  transport: NonNullable<JobsClientOptions['transport']>
  followRedirects?: boolean
}

/** The values that each option takes: names of types, or the values themselves. `|` separates them. */
const CLIENT = { fetch: 'function', headers: 'object|function', transport: 'auto|sse|long-poll|poll', retry: 'object', followRedirects: 'boolean' }
const RETRY = { attempts: 'number', minDelay: 'number', maxDelay: 'number', statusTimeout: 'number' }
const CALLS = { signal: 'AbortSignal', timeout: 'number', onTransport: 'function', onProgress: 'function', onOutput: 'function', cancelOnAbort: 'boolean', after: 'string' }

/**
 * Checks the options of a client, and fills in their defaults.
 * @throws `OptionInvalidError`
 */
export function resolve (options: JobsClientOptions): Settings {
  const { retry, ...given } = checked(options, CLIENT)
  return { transport: 'auto', attempts: 8, minDelay: 500, maxDelay: 10_000, statusTimeout: 30_000, ...given, ...checked(retry, RETRY) }
}

/** Options without those that are undefined. */
type Given<Options> = { [Name in keyof Options]?: Exclude<Options[Name], undefined> }

/**
 * Checks options, and leaves out those that are undefined. A call ignores options that it does not know: a library that
 * calls it may pass a context of its own.
 * @throws `OptionInvalidError`
 */
export function checked<Options extends object> (options: Options | undefined, takes: Record<string, string> = CALLS): Given<Options> {
  const given = Object.entries(Object(options) as Options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given as Array<[string, unknown]>) {
    const kinds: unknown[] = takes[name]?.split('|') ?? (takes === CALLS ? [typeof value] : [])
    if (value === null || Number.isNaN(value) || ![typeof value, value, 'aborted' in Object(value) && 'AbortSignal'].some(kind => kinds.includes(kind))) {
      throw new OptionInvalidError(`options.${name} is ${String(value)}; there is ${JSON.stringify(takes)}`)
    }
  }
  return Object.fromEntries(given) as Given<Options>
}
