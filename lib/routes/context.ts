import type { FastifyRequest, FastifySchema } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import type { JobOperations } from '../job-handle.js'

/** What every route of a job knows. */
export interface RouteContext {
  definition: JobDefinition
  operations: JobOperations
  /** The path under which this request reached the job's routes. */
  baseOf (request: FastifyRequest): string
  /** The prefix as the documentation shows it. */
  prefix: string
  /** Makes an operation id that is unique in the service: `submit` becomes `submitAnalysis`. */
  operationId (verb: string): string
}

export interface JobIdRequest {
  Params: { jobId: string }
}

/** What @fastify/swagger reads of a route beside what Fastify itself does. It is the host's to register it, or not. */
interface Documentation extends FastifySchema {
  operationId?: string
  tags?: string[]
  summary?: string
  description?: string
  hide?: boolean
}

interface Links {
  [status: string]: Record<string, { operationId: string, parameters: Record<string, string>, description: string }>
}

/** Route options with documentation. */
export function documented (schema: Documentation, links?: Links): { schema: FastifySchema } {
  return { schema, ...(links && { links }) }
}
