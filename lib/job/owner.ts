import { inspect } from 'node:util'
import { OwnerInvalidError } from '../base/errors.js'

/**
 * Returns `owner` if it is valid: a text that is not empty, is well-formed Unicode, and has no U+0000. A store may
 * change a text that is not well-formed, and the changed text could be another owner. PostgreSQL cannot store U+0000.
 * @throws `OWNER_INVALID`. Without this error, a caller whose owner is undefined could see the jobs of all owners
 */
export function checkOwner (owner: unknown): string {
  if (typeof owner !== 'string' || owner === '' || !owner.isWellFormed() || owner.includes('\0')) throw new OwnerInvalidError(inspect(owner, { depth: -1 }))
  return owner
}
