import { STATUS_CODES } from 'node:http'
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../../types/job.js'
import { AsyncJobsError, InputInvalidError, InternalError, MisuseError, type ProblemDetails } from '../base/errors.js'
import { toIssues } from '../definition/validator.js'

export const PROBLEM_TYPE = 'application/problem+json'

/** Our codes for errors that Fastify throws while it parses a body. All others of this kind are `INPUT_MALFORMED`. */
const FASTIFY_CODES: Record<string, string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'INPUT_TOO_LARGE'
}

/**
 * Error handler of our routes. Answers errors of this package, and Fastify's errors about the input, with a problem
 * (RFC 9457). Passes all other errors on to the app's error handler.
 */
export async function sendProblem (error: FastifyError & ProblemDetails, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const problem = toProblem(error)
  // Fastify passes a thrown error on to the error handler of the enclosing plugin, and at last to its own. This
  // function is async, because from a synchronous one Fastify passes on only instances of Error.
  if (problem === undefined) throw error
  logCause(error, request.log)
  return reply.code(problem.status).headers(error.headers ?? {}).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

/** Makes the problem for a message over a WebSocket. Logs an error that is not of this package, and hides it. */
export function problemFor (error: unknown, log: FastifyBaseLogger): Problem {
  // The casts hold: errors of the registry have all fields that toProblem reads, and an InternalError has a status, so
  // it becomes a problem.
  const known = error instanceof AsyncJobsError ? toProblem(error as FastifyError & ProblemDetails) : undefined
  if (known !== undefined) {
    logCause(error as ProblemDetails, log)
    return known
  }
  log.error({ err: error }, 'A job could not be watched')
  return toProblem(new InternalError() as FastifyError) as Problem
}

/**
 * Logs the cause of an error, which clients do not see. A known outage has no cause, because the engine logs it once.
 */
function logCause (error: ProblemDetails & { message?: string, cause?: unknown }, log: FastifyBaseLogger): void {
  if (error.cause !== undefined) log.error({ err: error.cause, ...(error.jobId !== undefined && { jobId: error.jobId }) }, error.message)
}

/** Returns undefined for an error that belongs to the app's error handler. */
function toProblem (error: FastifyError & ProblemDetails): Problem | undefined {
  // The code of an app may throw any value, whatever the type says.
  if (Object(error) !== error || error instanceof MisuseError) return undefined
  if (error instanceof AsyncJobsError && error.statusCode !== undefined) return problem(error.statusCode, error.code, error.message, error)
  if (error.validationContext !== undefined) {
    // The input is nested more deeply than the call stack of the validator allows. Fastify takes that for a fault of
    // the validator.
    if (error instanceof RangeError) return toProblem(new InputInvalidError('it is nested too deeply') as FastifyError)
    // The app's validator is broken, so its error belongs to the app.
    if (error.statusCode !== undefined && error.statusCode >= 500) return undefined
    // The app's validator may choose the status, and may throw an error without a list of issues.
    const code = error.validationContext === 'querystring' ? 'QUERY_INVALID' : 'INPUT_INVALID'
    return problem(error.statusCode ?? 400, code, error.message, error.validation ? { issues: toIssues(error.validation) } : {})
  }
  // An error of the app's hooks may have no code, or one that is not a string.
  if (typeof error.code !== 'string' || !error.code.startsWith('FST_ERR_CTP_')) return undefined
  return problem(error.statusCode ?? 400, FASTIFY_CODES[error.code] ?? 'INPUT_MALFORMED', error.message, {})
}

function problem (status: number, code: string, detail: string, { jobId, error, issues }: ProblemDetails): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    ...(jobId !== undefined && { jobId }),
    ...(error !== undefined && { error }),
    ...(issues !== undefined && { issues })
  }
}
