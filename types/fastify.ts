import type { FastifyBaseLogger, FastifyTypeProvider, RawServerBase, RawServerDefault, RegisterOptions } from 'fastify'
import type { JobDefinition } from './definition.js'
import type { JobsLookup } from './handle.js'
import type { AsyncJobsOptions } from './options.js'

declare const brand: unique symbol

/**
 * The plugin as `app.register` knows it. It has no call signature: Fastify's own overloads would
 * accept it with any options, and not infer the processor's types from `job`.
 */
export interface AsyncJobsPlugin {
  readonly [brand]: 'fastify-async-jobs'
}

type Registration<Definition extends JobDefinition> = AsyncJobsOptions<Definition> & RegisterOptions

declare module 'fastify' {
  interface FastifyInstance {
    /** The typed handle of a registered job: `app.jobs(analysis).submit({ … })`. */
    jobs: JobsLookup
  }

  interface FastifyRegister<
    T = void,
    // The parameters are Fastify's: an interface can only be merged under the same ones.
    /* eslint-disable @typescript-eslint/no-unused-vars */
    RawServer extends RawServerBase = RawServerDefault,
    TypeProviderDefault extends FastifyTypeProvider = FastifyTypeProvider,
    LoggerDefault extends FastifyBaseLogger = FastifyBaseLogger
    /* eslint-enable @typescript-eslint/no-unused-vars */
  > {
    <Definition extends JobDefinition>(
      plugin: AsyncJobsPlugin | Promise<{ default: AsyncJobsPlugin }>,
      options: Registration<Definition> | ((instance: FastifyInstance) => Registration<Definition>)
    ): T
  }
}
