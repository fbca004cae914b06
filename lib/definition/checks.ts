import type { JobDefinition } from '../../types/definition.js'
import type { InputIssue } from '../../types/job.js'
import type { Schema } from '../../types/schema.js'
import type { StandardIssue, StandardSchema } from '../../types/standard-schema.js'
import { InputInvalidError, OptionInvalidError, withDetails } from '../base/errors.js'
import { isStandard } from './json-schema.js'
import { show } from './complete.js'
import { findSurplus, remove } from './surplus.js'
import { compile, describeIssues, isDraft2020, toIssues, type ErrorObject } from './validator.js'

/** The result of a check: the value to use from here on, or the issues of a value that does not match its schema. */
export type Checked = { value: unknown, issues?: undefined } | { issues: InputIssue[] }

/** Checks a value that came out of JSON. It may change the value. */
export type Check = (value: unknown) => Checked | Promise<Checked>

/** The checks of a job's input and output. */
export interface Checks {
  /**
   * Checks an input before it is stored. Fills in defaults, and removes fields that a JSON Schema forbids. If a library
   * has the schema, the input is stored unchanged. What the library makes of it could not be checked again: a date, for
   * example, comes out of the store as a text.
   */
  readonly submitted: Check
  /** Checks a stored input before the processor gets it. */
  readonly input: Check
  /** Checks an output before it is stored. */
  readonly output: Check
  /**
   * Compiles the schemas now, instead of at the first check.
   * @throws `OPTION_INVALID` if a schema cannot be compiled, for example because it refers to a schema that is not
   * known here
   */
  compile (): void
}

/** Makes the `INPUT_INVALID` error for an input that does not match its schema. */
export function inputInvalid (issues: InputIssue[]): Error {
  return withDetails(new InputInvalidError(describeIssues(issues)), { issues })
}

/**
 * Makes the checks of a job. A schema is compiled at its first check.
 * @param shared returns the schemas that a JSON Schema may refer to by `$id`
 */
export function createChecks ({ name, input, output }: Pick<JobDefinition, 'name' | 'input' | 'output'>, shared: () => object[] = () => []): Checks {
  const compileAs = (side: string) => (schema: object): Check => {
    try {
      return compileCheck(schema, shared())
    } catch (cause) {
      const { message } = cause as Error
      throw Object.assign(new OptionInvalidError(`the ${side} schema of the job "${name}"`, `cannot be compiled here: ${message}. A worker in a process of its own does not know the schemas that a host has added`, show(schema)), { cause })
    }
  }
  const checkInput = createCheck(input, compileAs('input'))
  const checkOutput = createCheck(output, compileAs('output'))
  return {
    submitted: isStandard(input) ? async value => await unchanged(checkInput.check, value) : checkInput.check,
    input: checkInput.check,
    output: checkOutput.check,
    compile () {
      checkInput.compile()
      checkOutput.compile()
    }
  }
}

/** Makes a check that compiles its schema at the first use: the app may add schemas until it is ready. */
function createCheck (schema: Schema, compileIt: (schema: object) => Check): { check: Check, compile (): Check } {
  let compiled: Check | undefined
  const compile = (): Check => (compiled ??= isStandard(schema) ? checkOf(schema) : compileIt(schema))
  return { check: value => compile()(value), compile }
}

function compileCheck (schema: object, shared: object[]): Check {
  const draft = isDraft2020(schema)
  const validate = compile(schema, { useDefaults: true, shared: shared.filter(one => isDraft2020(one) === draft) })
  return value => {
    for (;;) {
      if (validate(value)) return { value }
      const errors = validate.errors as ErrorObject[]
      const surplus = findSurplus(errors)
      if (surplus.length === 0) return { issues: toIssues(errors) }
      remove(value, surplus)
    }
  }
}

function checkOf (schema: StandardSchema): Check {
  const { validate } = schema['~standard']
  return async value => {
    const result = await validate(value)
    return result.issues === undefined ? { value: result.value } : { issues: result.issues.map(toIssue) }
  }
}

function toIssue ({ message, path = [] }: StandardIssue): InputIssue {
  const names = path.map(part => String(typeof part === 'object' ? part.key : part))
  return { pointer: names.map(name => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''), detail: message }
}

/** Checks a value, but returns it as it was. */
async function unchanged (check: Check, value: unknown): Promise<Checked> {
  const checked = await check(value)
  return checked.issues === undefined ? { value } : checked
}
