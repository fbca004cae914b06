import type { Cluster, Command, Redis } from 'ioredis'
import { CommandTimeoutError } from '../../base/errors.js'
import { startLoopTimer } from '../loop-timer.js'

/** How long a command may take, in ms: what a request waits at most for a Redis that is frozen. */
export const COMMAND_TIMEOUT = 900

/**
 * Rejects what a client asks and Redis does not answer in time. ioredis's own `commandTimeout` goes by the clock: where
 * this process stood still, it would take its own pause for one of Redis.
 */
export function limitCommands (client: Redis | Cluster, ms = COMMAND_TIMEOUT): void {
  const send = client.sendCommand.bind(client) as (command: Command, ...rest: unknown[]) => unknown
  client.sendCommand = ((command: Command, ...rest: unknown[]) => {
    const stop = startLoopTimer(ms, () => { command.reject(new CommandTimeoutError(String(ms))) })
    command.promise.then(stop, stop)
    return send(command, ...rest)
  }) as typeof client.sendCommand & never
}
