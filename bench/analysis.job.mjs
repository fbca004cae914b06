import { defineJob, Type } from 'fastify-async-jobs'

/** The job of the benchmark, defined for the plugin. by-hand.mjs has the same rules. */
export const analysis = defineJob({
  name: 'analysis',
  input: Type.Object({ text: Type.String({ minLength: 1 }) }),
  output: Type.Object({ sentiment: Type.Number() }),
  attempts: 3,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
  retention: { completed: 86_400, failed: 604_800 }
})
