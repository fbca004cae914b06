import type { Cluster, Redis } from 'ioredis'
import { EXPIRED_PAGE } from '../engine.js'
import { NOW } from './time.js'

/**
 * Reads a page of final jobs, the oldest first. Returns where the next page begins, or nil after the last one, and the
 * jobs of this page that outlived the retention they were stored with.
 * KEYS: completed or failed set. ARGV: prefix of the keys of jobs, option with the retention, where the page begins
 * (the score, which is the time when a job ended), how long ago the jobs ended at least, in ms.
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

/**
 * How many pages one search reads if the oldest page has no expired job. That happens when an earlier deployment had
 * longer retentions.
 */
const PAGES = 10

type Page = [next: string | null, expired: string[]]

interface Scripted {
  asyncJobExpired (set: string, prefix: string, option: string, from: string, age: number): Promise<Page>
}

/**
 * Finds final jobs that outlived their retention, one page at most.
 * @param set the key of the completed or failed jobs
 * @param prefix the beginning of the keys of jobs
 * @param option the job option that holds the retention
 * @param age how long ago the jobs ended at least, in ms
 */
export type FindExpired = (set: string, prefix: string, option: string, age: number) => Promise<string[]>

export function createExpiredSearch (client: Redis | Cluster): FindExpired {
  client.defineCommand('asyncJobExpired', { lua: FIND_EXPIRED, numberOfKeys: 1 })
  // `defineCommand` has added the method.
  const scripted = client as typeof client & Scripted
  /** Where the next search goes on, by set. Jobs before that place may be kept for long. */
  const places = new Map<string, string>()

  return async (set, prefix, option, age) => {
    const look = (from: string): Promise<Page> => scripted.asyncJobExpired(set, prefix, option, from, age)
    // The oldest jobs usually expire first.
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
