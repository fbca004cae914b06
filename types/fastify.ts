import type { JobsLookup } from './handle.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The typed handle of a registered job: `app.jobs(analysis).submit({ … })`. */
    jobs: JobsLookup
  }
}
