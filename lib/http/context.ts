import type { FastifyRequest, FastifySchema } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import type { Check } from '../definition/checks.js'
import type { Caller, JobOperations } from '../api/operations.js'
import { paramsOf } from '../job/links.js'
import type { ResolvedOptions } from './options.js'
import type { Answer } from './answers.js'
import type { Connections } from './connections.js'
import type { HostOptions } from './validation.js'

/** What every route of a job needs. */
export interface RouteContext {
  definition: JobDefinition
  operations: JobOperations
  /** Checks an input if the app's validator cannot. */
  checkInput: Check
  /** Aborts when the service closes, to end streams, sockets and waits. */
  closing: AbortSignal
  options: Pick<ResolvedOptions, 'jobOptions' | 'maxWait' | 'websocket' | 'maxSubscriptions' | 'allowedOrigins' | 'maxConnections' | 'maxPending' | 'owner'>
  /** Returns the caller of a request. Rejects with what the option `owner` throws, or with `OWNER_INVALID`. */
  callerOf (request: FastifyRequest): Promise<Caller>
  connections: Connections
  /** The prefix as the documentation shows it. */
  prefix: string
  /** Makes an operation id that is unique in the service: `submit` becomes `submitAnalysis`. */
  operationId (verb: string): string
  /** Makes route options with documentation. */
  documented (documentation: Documentation, links?: Links): HostOptions & { schema: FastifySchema }
}

export interface JobIdRequest {
  Params: { jobId: string }
}

/** The documentation of a route: what Fastify reads, and what @fastify/swagger reads if the app has registered it. */
export interface Documentation extends FastifySchema {
  response?: Record<string, Answer>
  operationId?: string
  tags?: string[]
  summary?: string
  description?: string
  hide?: boolean
}

/** The OpenAPI links of a route, by the status of the answer that has them. */
export interface Links {
  [status: string]: Record<string, { operationId: string, parameters: Record<string, string>, description: string }>
}

/**
 * The parameters of a link: those of the prefix with their values in the request, and the job's id.
 * @param jobId runtime expression for the id
 */
export function linkParameters (prefix: string, jobId: string): Record<string, string> {
  return { ...Object.fromEntries(paramsOf(prefix).map(name => [name, `$request.path.${name}`])), jobId }
}
