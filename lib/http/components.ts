import { isDeepStrictEqual } from 'node:util'
import { JobFailureSchema, JobSchema, ProblemSchema } from './schemas.js'
import type { Answer } from './answers.js'
import type { TaggedDocument } from './tag.js'

/*
 * Schemas of many answers become named components of the OpenAPI document. So a generated client has one type for each.
 * They are not shared schemas of the app (`addSchema`): the app's `refResolver` names those in the document, and the
 * app may have used the ids already.
 */

const COMPONENTS: Record<string, object> = { JobFailure: JobFailureSchema, Job: JobSchema, Problem: ProblemSchema }
const PLACE = '#/components/schemas/'

/**
 * The prefix of references to components, until the components get their names in a document. No app has such names. So
 * the prefix marks our operations, even if a transformation of the app changes operation ids, and never marks an
 * operation of the app.
 */
const OURS = `${PLACE}fastify-async-jobs.`

/** The parts of the document that are used here, while @fastify/swagger writes it. */
export interface OpenApiObject extends TaggedDocument {
  components: { schemas: Record<string, object> }
  paths: Record<string, Record<string, Operation>>
}

interface Operation {
  responses?: Record<string, { content?: Record<string, { schema?: { $ref?: string } }> }>
  tags?: string[]
}

/** Replaces schemas that are components by references. */
export function withReferences (answers: Record<string, Answer>): Record<string, Answer> {
  return Object.fromEntries(Object.entries(answers).map(([status, { content, ...answer }]) =>
    [status, content === undefined ? answer : { ...answer, content: mapValues(content, one => ({ ...one, schema: referenceTo(one.schema) })) }]))
}

function referenceTo (schema: Record<string, unknown>): Record<string, unknown> {
  const name = Object.keys(COMPONENTS).find(name => COMPONENTS[name] === schema)
  return name === undefined ? schema : { $ref: OURS + name }
}

/**
 * Adds to a document the components to which our operations in it refer. If the app has another component of the same
 * name, ours gets another name.
 */
export function addComponents ({ components: { schemas }, paths }: OpenApiObject): void {
  const own = Object.values(paths).flatMap(path => Object.entries(path).flatMap(([method, operation]) => {
    const used = usedComponents(operation)
    return used.length > 0 ? [{ path, method, operation, used }] : []
  }))
  if (own.length === 0) return
  const names = new Map<string, string>()
  for (const name of new Set(['JobFailure', ...own.flatMap(({ used }) => used)])) {
    const component = renameReferences(asComponent(COMPONENTS[name] as object), names)
    let free = name
    while (free in schemas && !isDeepStrictEqual(schemas[free], component)) free = `AsyncJobs${free}`
    names.set(OURS + name, PLACE + free)
    schemas[free] = component
  }
  for (const { path, method, operation } of own) path[method] = renameReferences(operation, names)
}

/** The names of our components to which an operation refers. An operation of the app refers to none. */
function usedComponents ({ responses = {} }: Operation): string[] {
  const references = Object.values(responses).flatMap(({ content = {} }) => Object.values(content).map(({ schema }) => schema?.$ref))
  return references.flatMap(reference => reference?.startsWith(OURS) ? [reference.slice(OURS.length)] : [])
}

/** Copies a schema. Its field `error` becomes a reference to the component of failures. */
function asComponent (schema: object): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => key === 'error' ? { $ref: `${OURS}JobFailure` } : value) as object
}

/** Copies a part of the document, in which it replaces references by their names in the document. */
function renameReferences<Value extends object> (value: Value, names: Map<string, string>): Value {
  return JSON.parse(JSON.stringify(value), (key, value: unknown) => key === '$ref' ? names.get(value as string) ?? value : value) as Value
}

function mapValues<From, To> (record: Record<string, From>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
