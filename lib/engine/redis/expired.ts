import type { Cluster, Redis } from 'ioredis'
import { EXPIRED_PAGE } from '../engine.js'
import { NOW } from './time.js'

/**
 * A page of final jobs, the oldest first, and those of them that outlived the retention they were stored with.
 * KEYS: completed or failed set. ARGV: prefix of the keys of jobs, option with the retention, when the page begins,
 * by the end of its jobs, how long ago they ended at least.
 */
const FIND_EXPIRED = `${NOW}
local page = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[3], now - ARGV[4], 'WITHSCORES', 'LIMIT', 0, ${EXPIRED_PAGE})
local expired = {}
for place = 1, #page, 2 do
  local opts = redis.pcall('HGET', ARGV[1] .. page[place], 'opts')
  local parsed, options = pcall(cjson.decode, opts)
  local keep = parsed and type(options) == 'table' and options[ARGV[2]]
  local age = type(keep) == 'table' and tonumber(keep.age)
  if age and page[place + 1] + age * 1000 <= now then expired[#expired + 1] = page[place] end
end
return { #page / 2 == ${EXPIRED_PAGE} and '(' .. page[#page] or false, expired }`

/** How many pages are looked at where the oldest has none that expired: longer retentions of earlier deployments. */
const PAGES = 10

type Page = [next: string | null, expired: string[]]

interface Scripted {
  asyncJobExpired (set: string, prefix: string, option: string, from: string, age: number): Promise<Page>
}

/**
 * Finds final jobs that outlived their retention, a page at most.
 * @param set the key of the completed or failed jobs
 * @param prefix what the keys of jobs begin with
 * @param option where a job's options hold its retention
 * @param age how long ago the jobs ended at least, in ms
 */
export type FindExpired = (set: string, prefix: string, option: string, age: number) => Promise<string[]>

export function createExpiredSearch (client: Redis | Cluster): FindExpired {
  client.defineCommand('asyncJobExpired', { lua: FIND_EXPIRED, numberOfKeys: 1 })
  const scripted = client as typeof client & Scripted
  /** Where the search goes on, by set: those before may be kept for long. */
  const places = new Map<string, string>()

  return async (set, prefix, option, age) => {
    const look = (from: string): Promise<Page> => scripted.asyncJobExpired(set, prefix, option, from, age)
    // As a rule the oldest expire first.
    const [second, oldest] = await look('-inf')
    if (oldest.length > 0 || second === null) return oldest
    let place = places.get(set) ?? second
    for (let page = 1; page < PAGES; page++) {
      const [next, expired] = await look(place)
      place = next ?? second
      places.set(set, place)
      if (expired.length > 0 || next === null) return expired
    }
    return []
  }
}
