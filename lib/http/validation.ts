import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import { inputInvalid, type Check } from '../definition/checks.js'
import { isStandard } from '../definition/json-schema.js'
import { compile, isDraft2020 } from '../definition/validator.js'
import type { OpenApiObject } from './components.js'

type Validation = ReturnType<FastifySchemaCompiler<object>>

/** The options that make our routes work in any app. */
export interface HostOptions {
  validatorCompiler?: FastifySchemaCompiler<object>
  /**
   * Keeps the app's compiler away from the schemas of our answers. Our routes send texts, which need no serializer. But
   * Fastify compiles every schema, and an app's compiler may accept only schemas of its own library.
   */
  serializerCompiler: () => (value: unknown) => string
  /** The same for @fastify/response-validation. */
  responseValidation: false
  config?: { swaggerTransform: false | ((given: { openapiObject: OpenApiObject }) => object) }
}

/**
 * Makes the options that choose validators. The app's own validator checks the input if it takes the input's schema,
 * else `check` does. All other schemas are ours. Fastify's default validator checks them. If the app has set another
 * validator, ours checks them.
 */
export function createHostOptions (app: FastifyInstance, { input }: JobDefinition, check: Check): HostOptions {
  const ours: HostOptions = { serializerCompiler: () => JSON.stringify, responseValidation: false }
  // Fastify's types leave out that an app without a validator of its own has undefined here.
  const host = app.validatorCompiler as FastifySchemaCompiler<object> | undefined
  const byLibrary = isStandard(input) || isDraft2020(input)
  if (host === undefined && !byLibrary) return ours
  return {
    ...ours,
    validatorCompiler: route => {
      if (route.httpPart !== 'body') return compile(route.schema) as Validation
      return (byLibrary ? undefined : tryCompile(() => host?.(route))) ?? toValidation(check)
    },
    // An app whose validator does not take JSON Schemas may have a transformation for its documentation that does not
    // take them either. So turn that off for our routes.
    ...(host !== undefined && tryCompile(() => host({ schema: PROBE, method: 'GET', url: '/', httpPart: 'querystring' })) === undefined && { config: { swaggerTransform: false } })
  }
}

/** A JSON Schema that every validator of JSON Schemas takes. */
const PROBE = { type: 'object', properties: {} }

/**
 * Returns the validator that `make` makes, or undefined if it does not take the schema. It calls the validator once,
 * because some throw only then.
 */
function tryCompile (make: () => Validation | undefined): Validation | undefined {
  try {
    const validate = make()
    validate?.({})
    return validate
  } catch {
    return undefined
  }
}

/** Turns a check into a validator of Fastify. */
function toValidation (check: Check): Validation {
  return (value: unknown) => {
    const checked = check(value)
    if (!(checked instanceof Promise)) return checked.issues === undefined ? checked : { error: inputInvalid(checked.issues) }
    // Fastify takes the rejection as the error, and ignores the value. Its types do not know promises here.
    return checked.then(({ issues }) => { if (issues !== undefined) throw inputInvalid(issues) }) as never
  }
}
