import type { FastifyInstance, RegisterOptions } from 'fastify'
import type { JobDefinition } from './definition.js'
import type { JobsLookup } from './handle.js'
import type { AsyncJobsOptions } from './plugin-options.js'

/** Brands the plugin, so that the overload of `register` below accepts no other plugin. */
declare const asyncJobs: unique symbol

/**
 * The plugin. Pass it to `app.register`, once for each job.
 *
 * The call signature exists for error messages. If your options do not fit the overload below, the compiler compares
 * them with this signature and names the wrong option. If each option is right by itself, it names the long property:
 * then your processor does not return the output of the job.
 */
export interface AsyncJobsPlugin {
  (app: FastifyInstance, options: AsyncJobsOptions & { 'a processor that returns the output of the job': never }): Promise<void>
  readonly [asyncJobs]: true
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the typed handle of a registered job: `app.jobs(analysis).submit({ … })`. */
    jobs: JobsLookup
  }

  // Fastify's own overloads cannot tie one option to another. They would accept the processor of another job, and
  // options that do not exist.
  interface FastifyRegister<T> {
    <Definition extends JobDefinition>(
      plugin: AsyncJobsPlugin | Promise<{ default: AsyncJobsPlugin }>,
      options: Registration<Definition> | ((instance: FastifyInstance) => Registration<Definition>)
    ): T
  }
}

type Registration<Definition extends JobDefinition> = RegisterOptions & AsyncJobsOptions<Definition>
