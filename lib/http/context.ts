import type { FastifyRequest, FastifySchema } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import type { Check } from '../definition/checks.js'
import type { Caller, JobOperations } from '../api/operations.js'
import { paramsOf } from '../job/links.js'
import type { ResolvedOptions } from './options.js'
import type { Answer } from './answers.js'
import type { Connections } from './connections.js'
import type { HostOptions } from './validation.js'

/** What every route of a job knows. */
export interface RouteContext {
  definition: JobDefinition
  operations: JobOperations
  /** Checks an input where the host's validator cannot. */
  checkInput: Check
  /** Ends what lasts: aborts when the service closes. */
  closing: AbortSignal
  options: Pick<ResolvedOptions, 'jobOptions' | 'maxWait' | 'websocket' | 'maxSubscriptions' | 'allowedOrigins' | 'maxConnections' | 'maxPending' | 'owner'>
  /** Who a request comes from. Rejects as the host's `owner` does. */
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

/** What @fastify/swagger reads of a route beside what Fastify itself does. It is the host's to register it, or not. */
export interface Documentation extends FastifySchema {
  response?: Record<string, Answer>
  operationId?: string
  tags?: string[]
  summary?: string
  description?: string
  hide?: boolean
}

/** OpenAPI links, by the status of the answer that they start from. */
export interface Links {
  [status: string]: Record<string, { operationId: string, parameters: Record<string, string>, description: string }>
}

/** What a link passes on: the parameters of the prefix as they are, and the job's id from where it is found. */
export function linkParameters (prefix: string, jobId: string): Record<string, string> {
  return { ...Object.fromEntries(paramsOf(prefix).map(name => [name, `$request.path.${name}`])), jobId }
}
