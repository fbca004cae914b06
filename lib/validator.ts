import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { InputIssue } from '../types/job.js'

export type { ErrorObject, ValidateFunction }

/**
 * Compiles a schema into a check that changes nothing: no coercion, no removal. Keywords and
 * formats that Ajv does not know are left to the host's own validator, which may know them. NaN and
 * Infinity are no numbers, as they are none in JSON.
 */
export function compile (schema: object, options: { useDefaults?: boolean } = {}): ValidateFunction {
  const ajv = new Ajv({ strict: false, strictNumbers: true, allErrors: true, verbose: true, logger: false, ...options })
  addFormats.default(ajv)
  return ajv.compile(schema)
}

/** What a check found, as clients see it. Never the value itself, which may be anything. */
export function toIssues (errors: ReadonlyArray<Pick<ErrorObject, 'instancePath' | 'message'>> | null | undefined): InputIssue[] {
  return (errors ?? []).map(({ instancePath, message }) => ({ pointer: instancePath, detail: message ?? 'is not valid' }))
}

/** Issues in one sentence: `/text must be string; /title must not be empty`. */
export function describeIssues (issues: readonly InputIssue[]): string {
  return issues.map(({ pointer, detail }) => `${pointer} ${detail}`.trim()).join('; ')
}
