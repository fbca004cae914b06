import type { FastifyRequest } from 'fastify'
import type { AsyncJobsOptions } from '../../types/plugin-options.js'
import type { Caller } from '../api/operations.js'
import { checkOwner } from '../job/owner.js'

/**
 * Makes the function that returns the caller of a request.
 * @param owner the option of the plugin
 * @param publicUrl the option of the plugin, which comes before every path
 * @param pathOf returns the path under which a request reached the job's routes
 * @returns a function that rejects with what `owner` throws, or with `OWNER_INVALID`. Without the latter, a caller
 * whose owner is undefined could see the jobs of all owners
 */
export function createCallerOf (owner: AsyncJobsOptions['owner'], publicUrl: string, pathOf: (request: FastifyRequest) => string): (request: FastifyRequest) => Promise<Caller> {
  return async request => {
    const path = pathOf(request)
    return { path, base: publicUrl + path, owner: owner && checkOwner(await owner(request)) }
  }
}
