import type { FastifyInstance, RegisterOptions } from 'fastify'
import type { JobDefinition } from './definition.js'
import type { JobsLookup } from './handle.js'
import type { AsyncJobsOptions } from './plugin-options.js'

/** Keeps other plugins out of the overload below. */
declare const asyncJobs: unique symbol

/**
 * The plugin, as `app.register` takes it: once for each job. Where the options do not fit, the compiler
 * compares them with those here, and names the wrong one; or where each fits by itself, what is missing.
 */
export interface AsyncJobsPlugin {
  (app: FastifyInstance, options: AsyncJobsOptions & { 'a processor that returns the output of the job': never }): Promise<void>
  readonly [asyncJobs]: true
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The typed handle of a registered job: `app.jobs(analysis).submit({ … })`. */
    jobs: JobsLookup
  }

  // Fastify's own overloads cannot tie one option to another: they take the processor of any other job, and unknown options.
  interface FastifyRegister<T> {
    <Definition extends JobDefinition>(
      plugin: AsyncJobsPlugin | Promise<{ default: AsyncJobsPlugin }>,
      options: Registration<Definition> | ((instance: FastifyInstance) => Registration<Definition>)
    ): T
  }
}

type Registration<Definition extends JobDefinition> = RegisterOptions & AsyncJobsOptions<Definition>
