import type { JobsClientOptions, RetryOptions } from '../../types/client.js'
import { OptionInvalidError } from './errors.js'

/** The options of a client, with all defaults. */
export interface Settings extends Required<RetryOptions> {
  fetch?: NonNullable<JobsClientOptions['fetch']>
  headers?: NonNullable<JobsClientOptions['headers']>
  transport: NonNullable<JobsClientOptions['transport']>
  followRedirects?: boolean
}

/** What options take: types, or the values themselves. */
const CLIENT = { fetch: 'function', headers: 'object|function', transport: 'auto|sse|long-poll|poll', retry: 'object', followRedirects: 'boolean' }
const RETRY = { attempts: 'number', minDelay: 'number', maxDelay: 'number', statusTimeout: 'number' }
const CALLS = { signal: 'AbortSignal', timeout: 'number', onTransport: 'function', onProgress: 'function', onOutput: 'function', cancelOnAbort: 'boolean', after: 'string' }

/** @throws `OptionInvalidError` */
export function resolve (options: JobsClientOptions): Settings {
  const { retry, ...given } = checked(options, CLIENT)
  return { transport: 'auto', attempts: 8, minDelay: 500, maxDelay: 10_000, statusTimeout: 30_000, ...given, ...checked(retry, RETRY) }
}

/** What `checked` leaves of options. */
type Given<Options> = { [Name in keyof Options]?: Exclude<Options[Name], undefined> }

/**
 * The options that are given, each with a value that it takes. Calls may get more than they know, such as the context of a library that calls them.
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
