import type { Cluster, Redis } from 'ioredis'

/**
 * Reads and writes a key that nobody uses, without an effect, and returns an error if the user lacks a right. Any other
 * reason that keeps Redis from writing is ignored here: the command that could not write reports it.
 * KEYS: key.
 */
const PROBE = `
for _, command in ipairs({{'HGET', KEYS[1], ''}, {'LTRIM', KEYS[1], 0, -1}, {'ZREM', KEYS[1], ''}, {'XTRIM', KEYS[1], 'MAXLEN', 0}, {'TIME'}}) do
  local answer = redis.pcall(unpack(command))
  if type(answer) == 'table' and answer.err and (answer.err:find('NOPERM') or answer.err:find("can't run this command") or answer.err:find('ACL failure')) then return answer end
end
return 1`

interface Probing {
  asyncJobProbe (key: string): Promise<1>
}

/**
 * Makes a probe for what the service cannot work without: the version of Redis, and the rights of its user. BullMQ's
 * queues, workers and readers stay broken for good if that is refused when they start.
 * @returns a function that rejects with the refusal
 */
export function redisProbe (client: Redis | Cluster, prefix: string): () => Promise<void> {
  client.defineCommand('asyncJobProbe', { lua: PROBE, numberOfKeys: 1 })
  // `defineCommand` has added the method.
  const probing = client as typeof client & Probing
  return async () => {
    await Promise.all([client.info(), probing.asyncJobProbe(`${prefix}:probe`)])
  }
}
