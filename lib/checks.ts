import type { JobDefinition } from '../types/definition.js'
import type { InputIssue } from '../types/job.js'
import { findSurplus, remove } from './surplus.js'
import { compile, toIssues } from './validator.js'

/** A value that matches its schema, with defaults and without what the schema says to leave out; or what is wrong with it. */
export type Checked = { value: unknown, issues?: undefined } | { issues: InputIssue[] }

/** Checks a value that came out of JSON, which may be changed by that. */
export type Check = (value: unknown) => Checked | Promise<Checked>

/** The checks of a job, wherever its input and output come from. */
export interface Checks {
  readonly input: Check
  readonly output: Check
}

/** Compiled at the first use: a schema may refer to one that the host adds later. */
export function createChecks ({ input, output }: Pick<JobDefinition, 'input' | 'output'>): Checks {
  return { input: createCheck(input), output: createCheck(output) }
}

function createCheck (schema: object): Check {
  let check: Check | undefined
  return value => {
    check ??= compileCheck(schema)
    return check(value)
  }
}

function compileCheck (schema: object): Check {
  const validate = compile(schema, { useDefaults: true })
  return value => {
    for (;;) {
      if (validate(value)) return { value }
      const errors = validate.errors ?? []
      const surplus = findSurplus(errors)
      if (surplus.length === 0) return { issues: toIssues(errors) }
      remove(value, surplus)
    }
  }
}
