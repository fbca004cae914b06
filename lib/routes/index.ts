import type { FastifyInstance } from 'fastify'
import { JobNotFoundError } from '../errors.js'
import { sendProblem } from '../problem.js'
import { asHostErrors } from './answers.js'
import { documented, type RouteContext } from './context.js'
import { resultRoute } from './result.js'
import { statusRoute } from './status.js'
import { submitRoute } from './submit.js'

/** All routes of a job, in an instance of their own that has the job's prefix. */
export function registerRoutes (app: FastifyInstance, given: Omit<RouteContext, 'answers'>, errors: 'problem' | 'host'): void {
  const context: RouteContext = { ...given, answers: errors === 'problem' ? answers => answers : asHostErrors }
  if (errors === 'problem') app.setErrorHandler(sendProblem)
  submitRoute(app, context)
  statusRoute(app, context)
  resultRoute(app, context)
  // An id longer than the router's maxParamLength reaches none of them: it is unknown, too.
  for (const path of ['/status/*', '/result/*']) {
    app.get(path, documented({ hide: true }), async () => { throw new JobNotFoundError() })
  }
}
