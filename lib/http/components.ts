import { isDeepStrictEqual } from 'node:util'
import { JobFailureSchema, JobSchema, ProblemSchema } from './schemas.js'
import type { Answer } from './answers.js'
import type { TaggedDocument } from './tag.js'

/*
 * Schemas that stand in many answers are named components of the OpenAPI document, so that clients which are generated
 * from it have one type for each. They are not shared schemas of the host (`addSchema`): how those are called in the
 * document is up to the host's `refResolver`, and their ids may be taken.
 */

const COMPONENTS: Record<string, object> = { JobFailure: JobFailureSchema, Job: JobSchema, Problem: ProblemSchema }
const PLACE = '#/components/schemas/'

/**
 * Our operations refer to components by names that no host has, until the components have their names in a document.
 * So they are known as ours whatever a transformation of the host's makes of their ids, and nothing of the host's is taken for ours.
 */
const OURS = `${PLACE}fastify-async-jobs.`

/** What we see of the document while @fastify/swagger writes it. */
export interface OpenApiObject extends TaggedDocument {
  components: { schemas: Record<string, object> }
  paths: Record<string, Record<string, Operation>>
}

interface Operation {
  responses?: Record<string, { content?: Record<string, { schema?: { $ref?: string } }> }>
  tags?: string[]
}

/** Answers with references in place of the schemas that are components. */
export function withReferences (answers: Record<string, Answer>): Record<string, Answer> {
  return Object.fromEntries(Object.entries(answers).map(([status, { content, ...answer }]) =>
    [status, content === undefined ? answer : { ...answer, content: mapValues(content, one => ({ ...one, schema: referenceTo(one.schema) })) }]))
}

function referenceTo (schema: Record<string, unknown>): Record<string, unknown> {
  const name = Object.keys(COMPONENTS).find(name => COMPONENTS[name] === schema)
  return name === undefined ? schema : { $ref: OURS + name }
}

/** Adds the components to a document that our operations in it refer to. Where the host has others of the same names, ours get names of their own. */
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

/** The names of our components that an operation refers to: none in one of the host's. */
function usedComponents ({ responses = {} }: Operation): string[] {
  const references = Object.values(responses).flatMap(({ content = {} }) => Object.values(content).map(({ schema }) => schema?.$ref))
  return references.flatMap(reference => reference?.startsWith(OURS) ? [reference.slice(OURS.length)] : [])
}

function asComponent (schema: object): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => key === 'error' ? { $ref: `${OURS}JobFailure` } : value) as object
}

function renameReferences<Value extends object> (value: Value, names: Map<string, string>): Value {
  return JSON.parse(JSON.stringify(value), (key, value: unknown) => key === '$ref' ? names.get(value as string) ?? value : value) as Value
}

function mapValues<From, To> (record: Record<string, From>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
