import { isDeepStrictEqual } from 'node:util'
import { JobFailureSchema, JobSchema, ProblemSchema } from '../schemas.js'
import type { Answer } from './answers.js'

/*
 * Schemas that stand in many answers are named components of the OpenAPI document, so that clients which are generated
 * from it have one type for each. They are not shared schemas of the host (`addSchema`): how those are called in the
 * document is up to the host's `refResolver`, and their ids may be taken.
 */

const COMPONENTS: Record<string, object> = { JobFailure: JobFailureSchema, Job: JobSchema, Problem: ProblemSchema }
const PLACE = '#/components/schemas/'

/** What we see of the document while @fastify/swagger writes it. */
export interface OpenApiObject {
  components: { schemas: Record<string, object> }
  paths: Record<string, Record<string, { operationId?: string }>>
}

/** Answers with references in place of the schemas that are components. */
export function withReferences (answers: Record<string, Answer>): Record<string, Answer> {
  return Object.fromEntries(Object.entries(answers).map(([status, { content, ...answer }]) =>
    [status, content === undefined ? answer : { ...answer, content: mapValues(content, one => ({ ...one, schema: referenceTo(one.schema) })) }]))
}

function referenceTo (schema: Record<string, unknown>): Record<string, unknown> {
  const name = Object.keys(COMPONENTS).find(name => COMPONENTS[name] === schema)
  return name === undefined ? schema : { $ref: PLACE + name }
}

/**
 * Adds the components to a document that our operations in it refer to. Where the host has others of the same names, ours get names of their own.
 * @param isOurs tells our operations, which are in it by now, by their ids
 */
export function addComponents ({ components: { schemas }, paths }: OpenApiObject, isOurs: (operationId: string | undefined) => boolean): void {
  const names = new Map<string, string>()
  const own = Object.values(paths).flatMap(path => Object.entries(path).flatMap(([method, operation]) => isOurs(operation.operationId) ? [{ path, method, operation }] : []))
  const text = JSON.stringify(own.map(({ operation }) => operation))
  const used = Object.keys(COMPONENTS).filter(name => text.includes(`"${PLACE}${name}"`))
  if (used.length === 0) return
  for (const name of ['JobFailure', ...used]) {
    const schema = COMPONENTS[name] as object
    const component = renameReferences(asComponent(schema), names)
    let free = name
    while (free in schemas && !isDeepStrictEqual(schemas[free], component)) free = `AsyncJobs${free}`
    if (free !== name) names.set(PLACE + name, PLACE + free)
    schemas[free] = component
  }
  if (names.size > 0) for (const { path, method, operation } of own) path[method] = renameReferences(operation, names)
}

function asComponent (schema: object): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => key === 'error' ? { $ref: `${PLACE}JobFailure` } : value) as object
}

function renameReferences<Value extends object> (value: Value, names: Map<string, string>): Value {
  return JSON.parse(JSON.stringify(value), (key, value: unknown) => key === '$ref' ? names.get(value as string) ?? value : value) as Value
}

function mapValues<From, To> (record: Record<string, From>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
