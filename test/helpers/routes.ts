import type { FastifyInstance } from 'fastify'
import { createChecks } from '../../lib/definition/checks.js'
import type { JobOperations } from '../../lib/api/operations.js'
import { countConnections } from '../../lib/http/connections.js'
import type { RouteContext } from '../../lib/http/context.js'
import { registerRoutes } from '../../lib/http/routes.js'
import { pluginDefaults } from './options.js'

/** The routes of a job over operations that a test makes up. */
export async function registerFakeRoutes (
  app: FastifyInstance, { prefix = '', operations, ...rest }: Pick<RouteContext, 'definition'> & { operations: Partial<JobOperations>, prefix?: string, closing?: AbortSignal }
): Promise<void> {
  await app.register(async routes => {
    await registerRoutes(routes, {
      operations: operations as JobOperations,
      options: pluginDefaults,
      closing: new AbortController().signal,
      prefix,
      callerOf: async () => ({ path: prefix, base: prefix, owner: undefined }),
      connections: countConnections(1),
      operationId: verb => verb,
      checkInput: createChecks(rest.definition).submitted,
      ...rest
    }, 'problem')
  }, { prefix })
}
