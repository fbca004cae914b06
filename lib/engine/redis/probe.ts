import type { Cluster, Redis } from 'ioredis'

/**
 * Does nothing to a key that nobody has, by reading and writing: what the user may not do is the answer. Whatever
 * else keeps a Redis from writing passes, and is told by what could not be written.
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
 * Asks a Redis for what nothing works without: to know its version, and the rights of its user. BullMQ's queues,
 * workers and readers stay broken for good where that is refused at their start.
 * @returns rejects with what Redis refuses
 */
export function redisProbe (client: Redis | Cluster, prefix: string): () => Promise<void> {
  client.defineCommand('asyncJobProbe', { lua: PROBE, numberOfKeys: 1 })
  const probing = client as typeof client & Probing
  return async () => {
    await Promise.all([client.info(), probing.asyncJobProbe(`${prefix}:probe`)])
  }
}
