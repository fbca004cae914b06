import { STATUS_CODES } from 'node:http'
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../../types/job.js'
import { AsyncJobsError, InputInvalidError, InternalError, MisuseError, type ProblemDetails } from '../base/errors.js'
import { toIssues } from '../definition/validator.js'

export const PROBLEM_TYPE = 'application/problem+json'

/** What Fastify throws before a route is reached, and what we call it. Others of its kind are INPUT_MALFORMED. */
const FASTIFY_CODES: Record<string, string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'INPUT_TOO_LARGE'
}

/** Answers errors of this package, and of Fastify about the input, as a problem (RFC 9457). All others are the host's. */
export async function sendProblem (error: FastifyError & ProblemDetails, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const problem = toProblem(error)
  // Thrown on, it goes to the error handler of the enclosing plugin, and in the end to Fastify's: out of
  // an async function whatever it is, out of any other only where it is an Error.
  if (problem === undefined) throw error
  logCause(error, request.log)
  return reply.code(problem.status).headers(error.headers ?? {}).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

/** The same for an error that is told otherwise than by an answer. What we do not know is the log's alone. */
export function problemFor (error: unknown, log: FastifyBaseLogger): Problem {
  const known = error instanceof AsyncJobsError ? toProblem(error as FastifyError & ProblemDetails) : undefined
  if (known !== undefined) {
    logCause(error as ProblemDetails, log)
    return known
  }
  log.error({ err: error }, 'A job could not be watched')
  return toProblem(new InternalError() as FastifyError) as Problem
}

/** What clients are not told. An absent store has no cause: the engine reports it once. */
function logCause (error: ProblemDetails & { message?: string, cause?: unknown }, log: FastifyBaseLogger): void {
  if (error.cause !== undefined) log.error({ err: error.cause, ...(error.jobId !== undefined && { jobId: error.jobId }) }, error.message)
}

function toProblem (error: FastifyError & ProblemDetails): Problem | undefined {
  // Hosts may throw anything.
  if (Object(error) !== error || error instanceof MisuseError) return undefined
  if (error instanceof AsyncJobsError && error.statusCode !== undefined) return problem(error.statusCode, error.code, error.message, error)
  if (error.validationContext !== undefined) {
    // The stack was too short, which Fastify takes for a fault of the validator.
    if (error instanceof RangeError) return toProblem(new InputInvalidError('it is nested too deeply') as FastifyError)
    // A validator that is broken is the host's.
    if (error.statusCode !== undefined && error.statusCode >= 500) return undefined
    // A validator of the host may throw an error that lists nothing, and may choose the status.
    const code = error.validationContext === 'querystring' ? 'QUERY_INVALID' : 'INPUT_INVALID'
    return problem(error.statusCode ?? 400, code, error.message, error.validation ? { issues: toIssues(error.validation) } : {})
  }
  // Not every error that the host's hooks throw has a code, and not every code is a string.
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
