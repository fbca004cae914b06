import type { FastifyRequest } from 'fastify'
import { inspect } from 'node:util'
import type { AsyncJobsOptions } from '../../types/plugin-options.js'
import { OwnerInvalidError } from '../errors.js'
import type { Caller } from '../job-operations.js'

/**
 * Makes what tells who a request comes from.
 * @param owner the host's option
 * @param publicUrl what stands before paths where clients reach them
 * @param pathOf the path under which a request reached the job's routes
 * @returns rejects with what `owner` throws, or with `OWNER_INVALID`: who is nobody must not be taken for everybody
 */
export function createCallerOf (owner: AsyncJobsOptions['owner'], publicUrl: string, pathOf: (request: FastifyRequest) => string): (request: FastifyRequest) => Promise<Caller> {
  return async request => {
    const path = pathOf(request)
    return { path, base: publicUrl + path, owner: owner && nobodyElse(await owner(request)) }
  }
}

function nobodyElse (owner: unknown): string {
  if (typeof owner !== 'string' || owner === '') throw new OwnerInvalidError(inspect(owner, { depth: -1 }))
  return owner
}
