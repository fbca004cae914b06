import type { Cluster, Command, Redis } from 'ioredis'
import { CommandTimeoutError } from '../../base/errors.js'
import { startLoopTimer } from '../loop-timer.js'

/** How long a command may take, in ms. A request waits that long at most for a Redis that is frozen. */
export const COMMAND_TIMEOUT = 900

/**
 * Makes each command of a client reject with `COMMAND_TIMEOUT` if Redis does not answer in time. ioredis's own
 * `commandTimeout` goes by the clock: after a pause of this process it would blame Redis.
 */
export function limitCommands (client: Redis | Cluster, ms = COMMAND_TIMEOUT): void {
  // `Redis` and `Cluster` have different types for the same method.
  const send = client.sendCommand.bind(client) as (command: Command, ...rest: unknown[]) => unknown
  // `never`, because the assignment must fit both types.
  client.sendCommand = ((command: Command, ...rest: unknown[]) => {
    const stop = startLoopTimer(ms, () => { command.reject(new CommandTimeoutError(String(ms))) })
    command.promise.then(stop, stop)
    return send(command, ...rest)
  }) as typeof client.sendCommand & never
}
