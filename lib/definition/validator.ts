import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { InputIssue } from '../../types/job.js'

export type { ErrorObject, ValidateFunction }

export interface CompileOptions {
  useDefaults?: boolean
  /** What the schema may refer to by `$id`. */
  shared?: readonly object[]
}

/**
 * Compiles a schema into a check that changes nothing, but fills in defaults where it is told to. Keywords and
 * formats that Ajv does not know are left to the host's own validator, which may know them. NaN and
 * Infinity are no numbers, as they are none in JSON.
 */
export function compile (schema: object, { useDefaults = false, shared = [] }: CompileOptions = {}): ValidateFunction {
  const options: Options = { strict: false, strictNumbers: true, allErrors: true, verbose: true, logger: false, useDefaults }
  const ajv = isDraft2020(schema) ? new Ajv2020(options) : new Ajv(options)
  addFormats.default(ajv)
  for (const one of shared) ajv.addSchema(one)
  return ajv.compile(schema)
}

/** Whether a schema says that it is of the draft 2020-12. Without a word, it is of draft 7, as Fastify reads it. */
export function isDraft2020 (schema: object): boolean {
  return '$schema' in schema && String(schema.$schema).includes('2020-12')
}

/** What a check found, as clients see it. Never the value itself, which may be anything. */
export function toIssues (errors: ReadonlyArray<Pick<ErrorObject, 'instancePath' | 'message'>> | null | undefined): InputIssue[] {
  return (errors ?? []).map(({ instancePath, message }) => ({ pointer: instancePath, detail: message ?? 'is not valid' }))
}

/** Issues in one sentence: `/text must be string; /title must not be empty`. */
export function describeIssues (issues: readonly InputIssue[]): string {
  return issues.map(({ pointer, detail }) => `${pointer} ${detail}`.trim()).join('; ')
}
