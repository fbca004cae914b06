import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { InputIssue } from '../../types/job.js'

export type { ErrorObject, ValidateFunction }

/** Options of `compile`. */
export interface CompileOptions {
  /** Whether the check fills in defaults in the value. Default `false`. */
  useDefaults?: boolean
  /** Schemas that the schema may refer to by `$id`. Default: none. */
  shared?: readonly object[]
}

/**
 * Compiles a schema into a check. With `useDefaults`, the check fills in defaults. Otherwise it changes nothing. It
 * ignores keywords and formats that Ajv does not know: the app's own validator may know them. NaN and Infinity do not
 * count as numbers, because JSON has neither.
 */
export function compile (schema: object, { useDefaults = false, shared = [] }: CompileOptions = {}): ValidateFunction {
  const options: Options = { strict: false, strictNumbers: true, allErrors: true, verbose: true, logger: false, useDefaults }
  const ajv = isDraft2020(schema) ? new Ajv2020(options) : new Ajv(options)
  addFormats.default(ajv)
  for (const one of shared) ajv.addSchema(one)
  return ajv.compile(schema)
}

/** Whether the `$schema` of a schema says draft 2020-12. Without `$schema`, it is draft 7, as for Fastify. */
export function isDraft2020 (schema: object): boolean {
  return '$schema' in schema && String(schema.$schema).includes('2020-12')
}

/** Turns errors of Ajv into the issues that clients see. They leave out the value, which may be anything. */
export function toIssues (errors: ReadonlyArray<Pick<ErrorObject, 'instancePath' | 'message'>> | null | undefined): InputIssue[] {
  return (errors ?? []).map(({ instancePath, message }) => ({ pointer: instancePath, detail: message ?? 'is not valid' }))
}

/** Formats issues as one sentence: `/text must be string; /title must not be empty`. */
export function describeIssues (issues: readonly InputIssue[]): string {
  return issues.map(({ pointer, detail }) => `${pointer} ${detail}`.trim()).join('; ')
}
