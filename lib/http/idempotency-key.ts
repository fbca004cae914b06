import { IdempotencyKeyInvalidError } from '../base/errors.js'

/**
 * Matches an `Idempotency-Key`: a string in double quotes, as for a structured field
 * (draft-ietf-httpapi-idempotency-key-header, section 2.1), or the key without quotes.
 */
const KEY = /^(?:"([ -!#-~]{1,255})"|([!#-~][!-~]{0,254}))$/

/** The pattern of an `Idempotency-Key` for the documentation. */
export const KEY_PATTERN = KEY.source

/**
 * Reads the key in the header of a submission.
 * @throws `IDEMPOTENCY_KEY_INVALID`
 */
export function idempotencyKey (header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const [, quoted, bare] = KEY.exec(String(header)) ?? []
  const key = quoted ?? bare
  if (key === undefined) throw new IdempotencyKeyInvalidError()
  return key
}
