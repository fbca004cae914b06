import { IdempotencyKeyInvalidError } from '../base/errors.js'

/** As text, or as the string of a structured field (draft-ietf-httpapi-idempotency-key-header, section 2.1). */
const KEY = /^(?:"([ -!#-~]{1,255})"|([!#-~][!-~]{0,254}))$/

/** The same for the documentation. */
export const KEY_PATTERN = KEY.source

/** The key in the header of a submission. @throws `IDEMPOTENCY_KEY_INVALID` */
export function idempotencyKey (header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const [, quoted, bare] = KEY.exec(String(header)) ?? []
  const key = quoted ?? bare
  if (key === undefined) throw new IdempotencyKeyInvalidError()
  return key
}
