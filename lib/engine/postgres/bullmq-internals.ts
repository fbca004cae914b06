import { PostgresConnection, PostgresQueueBackend, type BackendFactory, type PgPool } from 'bullmq'
import { OUR_WORKER } from './commands.js'

/*
 * What this package uses of BullMQ on PostgreSQL that is not its public API. The test beside this file says what has
 * changed, if a version of BullMQ changes it. The scripts in `commands.ts` use the tables of BullMQ, whose version
 * `schema.ts` checks.
 */

/**
 * Makes BullMQ's backend without its check of the schema. If that check fails, the backend stays broken for good, and a
 * worker over it never takes a job. Our backend waits for `started` instead.
 */
export function backendAfter (started: Promise<void>): BackendFactory<PostgresQueueBackend, PgPool> {
  class StartedConnection extends PostgresConnection {
    override waitUntilReady (): Promise<void> { return started }
  }
  return (name, options, { withBlockingConnection = false } = {}) => new PostgresQueueBackend(
    new StartedConnection(options.connection), name, options, true,
    // BullMQ recognizes workers by this name.
    withBlockingConnection ? `${name}:w:${OUR_WORKER}` : undefined)
}
