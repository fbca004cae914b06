import { defineJob, Type } from 'fastify-async-jobs'

/** How long jobs are kept, in s. */
export const RETENTION = 60

/** How many jobs may wait. */
export const MAX_PENDING = 1_000

export const work = defineJob({
  name: 'work',
  input: Type.Object({ text: Type.String() }),
  output: Type.Object({ text: Type.String() }),
  retention: { completed: RETENTION, failed: RETENTION }
})
