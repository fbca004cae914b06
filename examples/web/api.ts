import { createJobsClient, type JobsClient, type OutputOf, type Transport } from 'fastify-async-jobs/client'
import type { analysis, Section } from '../analysis/analysis.job.js'
import type { Connection } from './connection.js'

export type { Section }
export type Analysis = OutputOf<typeof analysis>
export type Client = JobsClient<typeof analysis>

/** How jobs are followed, as the visitor has chosen. */
export type Choice = 'auto' | Transport

export const BASE_URL = '/api/v1/analysis'

/** Makes a client for each way to follow jobs. */
export function createApi (connection: Connection): (choice: Choice) => Client {
  // These are some 20 s, enough for the restart of a server.
  const retry = { attempts: 20, maxDelay: 2_000 }
  return choice => choice === 'websocket'
    // No `fetch` of our own here: with one, the client cannot know whether a socket says the same as requests would.
    ? createJobsClient<typeof analysis>(BASE_URL, { retry })
    : createJobsClient<typeof analysis>(BASE_URL, { retry, transport: choice, fetch: connection.fetch })
}
