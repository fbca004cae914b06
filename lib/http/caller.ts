import type { FastifyRequest } from 'fastify'
import type { AsyncJobsOptions } from '../../types/plugin-options.js'
import type { Caller } from '../api/operations.js'
import { checkOwner } from '../job/owner.js'

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
    return { path, base: publicUrl + path, owner: owner && checkOwner(await owner(request)) }
  }
}
