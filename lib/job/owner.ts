import { inspect } from 'node:util'
import { OwnerInvalidError } from '../base/errors.js'

/**
 * The owner, where it can be one. Stores keep what is no text of Unicode not at all, or as another text: that could be
 * somebody else. PostgreSQL cannot keep U+0000.
 * @throws `OWNER_INVALID`: who is nobody must not be taken for everybody
 */
export function checkOwner (owner: unknown): string {
  if (typeof owner !== 'string' || owner === '' || !owner.isWellFormed() || owner.includes('\0')) throw new OwnerInvalidError(inspect(owner, { depth: -1 }))
  return owner
}
