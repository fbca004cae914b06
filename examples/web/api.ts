import { createJobsClient, type JobsClient, type OutputOf, type Transport } from 'fastify-async-jobs/client'
import type { analysis, Section } from '../analysis/analysis.job.js'
import type { Connection } from './connection.js'

export type { Section }
export type Analysis = OutputOf<typeof analysis>
export type Client = JobsClient<typeof analysis>

/** How jobs are followed: as the visitor wants it. */
export type Choice = 'auto' | Transport

export const BASE_URL = '/api/v1/analysis'

/** A client for each way to follow jobs. */
export function createApi (connection: Connection): (choice: Choice) => Client {
  // Some 20 s, enough for a server that is restarted.
  const retry = { attempts: 20, maxDelay: 2_000 }
  return choice => choice === 'websocket'
    // Without a `fetch` of ours: with one, the client cannot know whether a socket says what requests would.
    ? createJobsClient<typeof analysis>(BASE_URL, { retry })
    : createJobsClient<typeof analysis>(BASE_URL, { retry, transport: choice, fetch: connection.fetch })
}
