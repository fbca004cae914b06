import type { Redis } from 'ioredis'
import { eventually } from '../service.js'
import type { Ledger } from './ledger.js'

const LISTS = ['wait', 'paused', 'active'] as const
const SETS = ['delayed', 'prioritized'] as const

/**
 * Looks into the store itself, when all that was acknowledged is final: also what was not must have ended, as
 * a whole job, and nothing may be left of what is gone.
 * @returns how many attempts were begun anew, as their worker or their lock was lost
 */
export async function checkStore (redis: Redis, { entries, fault }: Pick<Ledger, 'entries' | 'fault'>): Promise<number> {
  const key = (name: string): string => `bull:scripted:${name}`
  const count = async (): Promise<number> => {
    const lengths = await Promise.all([...LISTS.map(name => redis.llen(key(name))), ...SETS.map(name => redis.zcard(key(name)))])
    return lengths.reduce((sum, length) => sum + length, 0)
  }
  // What nobody was told of may still run.
  const end = Date.now() + 60_000
  const left = await eventually(count, left => left === 0 || Date.now() > end)
  if (left > 0) fault(`${left} jobs are left in the queue`)

  const [completed, failed] = await Promise.all(['completed', 'failed'].map(name => redis.zrange(key(name), '0', '-1')))
  const ended = [...completed ?? [], ...failed ?? []]
  if (new Set(ended).size < ended.length) fault('a job is both completed and failed')
  const known = new Set(ended)
  for (const jobId of entries.keys()) if (!known.has(jobId)) fault(`${jobId}: is not among those that ended`)

  const jobs = redis.pipeline()
  for (const jobId of ended) jobs.hmget(key(jobId), 'name', 'data', 'finishedOn', 'ats', 'atm')
  let repeated = 0
  for (const [index, [, fields]] of (await jobs.exec() ?? []).entries()) {
    const [name, data, finishedOn, started, made] = fields as Array<string | null>
    if (name === null || data === null || finishedOn === null) fault(`${ended[index]}: is not whole: ${JSON.stringify(fields)}`)
    repeated += Math.max(0, Number(started) - Math.max(1, Number(made)))
  }
  return repeated
}
