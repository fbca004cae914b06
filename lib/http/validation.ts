import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import { inputInvalid, type Check } from '../definition/checks.js'
import { isStandard } from '../definition/json-schema.js'
import { compile, isDraft2020 } from '../definition/validator.js'
import type { OpenApiObject } from './components.js'

type Validation = ReturnType<FastifySchemaCompiler<object>>

/** What a route needs to work in any host. */
export interface HostOptions {
  validatorCompiler?: FastifySchemaCompiler<object>
  /** Our answers are text by then. Fastify compiles all that is described nevertheless, a host's compiler perhaps only its own schemas. */
  serializerCompiler: () => (value: unknown) => string
  /** The same for @fastify/response-validation. */
  responseValidation: false
  config?: { swaggerTransform: false | ((given: { openapiObject: OpenApiObject }) => object) }
}

/**
 * The input is validated by the host's own validator, where that takes its schema. All else that routes describe is
 * ours: Fastify's own validator checks it, and where the host has another one, we do.
 */
export function createHostOptions (app: FastifyInstance, { input }: JobDefinition, check: Check): HostOptions {
  const ours: HostOptions = { serializerCompiler: () => JSON.stringify, responseValidation: false }
  const host = app.validatorCompiler as FastifySchemaCompiler<object> | undefined
  const byLibrary = isStandard(input) || isDraft2020(input)
  if (host === undefined && !byLibrary) return ours
  return {
    ...ours,
    validatorCompiler: route => {
      if (route.httpPart !== 'body') return compile(route.schema) as Validation
      return (byLibrary ? undefined : tryCompile(() => host?.(route))) ?? toValidation(check)
    },
    // What turns the schemas of another kind into documentation does not know ours.
    ...(host !== undefined && tryCompile(() => host({ schema: PROBE, method: 'GET', url: '/', httpPart: 'querystring' })) === undefined && { config: { swaggerTransform: false } })
  }
}

/** A JSON Schema that every validator of JSON Schemas takes. */
const PROBE = { type: 'object', properties: {} }

/** A validator, unless it is one for schemas of another kind: some throw only when they are used. */
function tryCompile (make: () => Validation | undefined): Validation | undefined {
  try {
    const validate = make()
    validate?.({})
    return validate
  } catch {
    return undefined
  }
}

/** A check as Fastify takes it. */
function toValidation (check: Check): Validation {
  return (value: unknown) => {
    const checked = check(value)
    if (!(checked instanceof Promise)) return checked.issues === undefined ? checked : { error: inputInvalid(checked.issues) }
    // What it resolves to counts for nothing, and what it rejects with is the error.
    return checked.then(({ issues }) => { if (issues !== undefined) throw inputInvalid(issues) }) as never
  }
}
