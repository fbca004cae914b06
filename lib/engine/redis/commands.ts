import type { Cluster, Redis } from 'ioredis'
import { withoutCommand } from '../../base/errors.js'
import { EVENTS_KEPT, LOG_PAGE, LONGEST_TEXT, PAGE_BYTES, RETENTION_OPTION, SMALL_OUTPUT, stopsOf, type StoreCommands } from '../engine.js'
import { createExpiredSearch } from './expired.js'
import { LARGE, toStoredJob, toStoredOutput, type JobReply, type UnreadableReply } from './replies.js'
import { NOW } from './time.js'

/* The commands that BullMQ does not have, as Lua scripts. Each is atomic, and one round trip. */

/**
 * Options of a job, which the script parses for a missing job. So looking for a missing job takes as long as finding
 * that a job belongs to somebody else. Only its length matters, not its values.
 */
const LIKE_OPTIONS = '{"removeOnFail":{"age":604800},"backoff":{"delay":1000,"jitter":0.5,"type":"exponential"},"removeOnComplete":{"age":86400},"owner":"","attempts":3}'

/** How many rows one command of the script reads. They may be longer than a page. */
const LOG_SLICE = 10

/**
 * Reads the state, the metadata and, if it is wanted and small, the output of one job.
 * The script checks the owner first. It then reads the fields that may be large: one that is larger than what this
 * package stores counts as empty.
 * A job with `processedOn` is active only if it has a lock: `processedOn` stays when an attempt fails or its worker
 * dies. Only such jobs need the look at the lock.
 * The script never searches a list: LPOS over a long queue stops Redis for everybody.
 * KEYS: job, its lock, its log, delayed set, completed set. ARGV: job id, 1 if the output is wanted, owner or ''.
 */
const READ_JOB = `${NOW}
local job = redis.pcall('HMGET', KEYS[1], 'timestamp', 'processedOn', 'finishedOn', 'atm', 'opts')
if ARGV[3] ~= '' then
  local parsed, options = pcall(cjson.decode, job[5] or '${LIKE_OPTIONS}')
  if not parsed or type(options) ~= 'table' or options.owner ~= ARGV[3] then return nil end
end
if job.err then return { 'unreadable', job.err } end
if not job[1] then return nil end
for place, field in pairs({ [6] = 'progress', [7] = 'failedReason' }) do
  job[place] = redis.call('HSTRLEN', KEYS[1], field) <= ${LONGEST_TEXT} and redis.call('HGET', KEYS[1], field) or ''
end
local logs = redis.pcall('LLEN', KEYS[3])
if type(logs) ~= 'number' then logs = 0 end
local state, due, output = 'waiting', false, false
if job[3] then
  state = 'failed'
  if redis.call('ZSCORE', KEYS[5], ARGV[1]) then
    state = 'completed'
    if ARGV[2] == '1' then
      output = redis.call('HSTRLEN', KEYS[1], 'returnvalue') > ${SMALL_OUTPUT} and '${LARGE}' or redis.call('HGET', KEYS[1], 'returnvalue')
    end
  end
elseif job[2] and redis.call('EXISTS', KEYS[2]) == 1 then
  state = 'active'
else
  due = redis.call('ZSCORE', KEYS[4], ARGV[1])
  if due then state = 'delayed' end
end
return { state, due, logs, output, now, unpack(job, 1, 7) }`

/** Reads a page of a log. KEYS: log. ARGV: index of the first row. */
const READ_LOGS = `
local rows, bytes, from = {}, 0, tonumber(ARGV[1])
while #rows < ${LOG_PAGE} and bytes < ${PAGE_BYTES} do
  local some = redis.call('LRANGE', KEYS[1], from + #rows, from + #rows + ${LOG_SLICE - 1})
  if #some == 0 then break end
  for _, row in ipairs(some) do
    rows[#rows + 1] = row
    bytes = bytes + #row
    if bytes >= ${PAGE_BYTES} then break end
  end
end
return rows`

/**
 * Moves a job to the failed ones unless it is final. Its lock goes, so whoever runs it can store nothing any more:
 * BullMQ's own scripts and REPORT check the lock.
 * KEYS: job, its lock, wait, paused, active, delayed, prioritized, failed, stalled, events, events of `stopsOf`. ARGV:
 * job id, reason for a pending job, reason for a running one or ''.
 */
const END_JOB = `${NOW}
local job = redis.pcall('HMGET', KEYS[1], 'timestamp', 'finishedOn')
if job.err or not job[1] or job[2] then return 0 end
local reason, prev = ARGV[2], 'waiting'
if redis.call('EXISTS', KEYS[2]) == 1 then
  if ARGV[3] == '' then return 0 end
  reason, prev = ARGV[3], 'active'
  redis.call('DEL', KEYS[2])
  redis.call('XADD', KEYS[11], 'MAXLEN', '~', ${EVENTS_KEPT}, '*', 'event', 'stop', 'jobId', ARGV[1])
end
-- A job that has lost its worker is still in the active list.
if redis.call('ZREM', KEYS[6], ARGV[1]) + redis.call('ZREM', KEYS[7], ARGV[1]) + redis.call('LREM', KEYS[5], 1, ARGV[1]) == 0 then
  -- The newest jobs are at the head, where LREM begins.
  if redis.call('LREM', KEYS[3], 1, ARGV[1]) == 0 then redis.call('LREM', KEYS[4], 1, ARGV[1]) end
end
redis.call('SREM', KEYS[9], ARGV[1])
redis.call('HSET', KEYS[1], 'failedReason', reason, 'finishedOn', now)
redis.call('HDEL', KEYS[1], 'defa')
redis.call('ZADD', KEYS[8], now, ARGV[1])
redis.call('XADD', KEYS[10], 'MAXLEN', '~', ${EVENTS_KEPT}, '*', 'event', 'failed', 'jobId', ARGV[1], 'failedReason', reason, 'prev', prev)
return 1`

/**
 * Stores progress and log rows of a job as long as it runs under our lock. ioredis sends a command again if its answer
 * was lost with the connection, so the script does not push rows again that are there already.
 * The script begins with an LTRIM that trims nothing, for a Redis that is out of memory. Such a Redis refuses a script
 * whose first write needs memory, but not one that has written already. (BullMQ's own scripts begin by deleting the
 * lock, so jobs can end.) Without the LTRIM, a job would fail because it could not report. What Redis stores beyond its
 * memory in this way is no more than running jobs may write.
 * KEYS: job, its lock, its log, events. ARGV: job id, token, progress or '', index of the first row, rows.
 */
const REPORT = `
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('LTRIM', KEYS[3], 0, -1)
for i = math.max(redis.call('LLEN', KEYS[3]) - ARGV[4], 0) + 5, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[i]) end
local event = {'event', 'output', 'jobId', ARGV[1]}
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'progress', ARGV[3])
  event = {'event', 'progress', 'jobId', ARGV[1], 'data', ARGV[3]}
end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ${EVENTS_KEPT}, '*', unpack(event))
return 1`

/** Deletes old events. KEYS: events. ARGV: how old they may be, in ms. */
const TRIM_EVENTS = `${NOW}
return redis.call('XTRIM', KEYS[1], 'MINID', '~', now - ARGV[1])`

interface Scripted {
  asyncJobRead (...keysAndArgs: Array<string | number>): Promise<JobReply | UnreadableReply | null>
  asyncJobLogs (...keysAndArgs: Array<string | number>): Promise<string[]>
  asyncJobEnd (...keysAndArgs: Array<string | number>): Promise<0 | 1>
  asyncJobTrim (...keysAndArgs: Array<string | number>): Promise<number>
  asyncJobReport (...keysAndArgs: Array<string | number>): Promise<0 | 1>
}

/** Makes the commands of one client, on the queues under BullMQ's prefix. */
export function redisCommands (client: Redis | Cluster, prefix: string): StoreCommands {
  client.defineCommand('asyncJobRead', { lua: READ_JOB, numberOfKeys: 5 })
  client.defineCommand('asyncJobLogs', { lua: READ_LOGS, numberOfKeys: 1 })
  client.defineCommand('asyncJobEnd', { lua: END_JOB, numberOfKeys: 11 })
  client.defineCommand('asyncJobReport', { lua: REPORT, numberOfKeys: 4 })
  client.defineCommand('asyncJobTrim', { lua: TRIM_EVENTS, numberOfKeys: 1 })
  // `defineCommand` has added the methods.
  const scripted = client as typeof client & Scripted
  const findExpired = createExpiredSearch(client)
  const keysOf = (queueName: string) => (type: string): string => `${prefix}:${queueName}:${type}`
  return {
    async now () {
      const [seconds, micros] = await client.time()
      return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
    },

    async readJob (queueName, jobId, withOutput, owner = '') {
      const key = keysOf(queueName)
      const reply = await scripted.asyncJobRead(key(jobId), key(`${jobId}:lock`), key(`${jobId}:logs`), key('delayed'), key('completed'), jobId, withOutput ? 1 : 0, owner)
      if (reply === null) return undefined
      // TypeScript does not narrow a union of tuples by an element.
      return reply[0] === 'unreadable' ? { state: reply[0], reason: reply[1] } : toStoredJob(reply as JobReply, withOutput)
    },

    readLogs: (queueName, jobId, from) => scripted.asyncJobLogs(keysOf(queueName)(`${jobId}:logs`), from),

    async readOutput (queueName, jobId) {
      const text = await client.hget(keysOf(queueName)(jobId), 'returnvalue')
      return text === null ? undefined : toStoredOutput(text)
    },

    findExpired: (queueName, state, age) => findExpired(keysOf(queueName)(state), keysOf(queueName)(''), RETENTION_OPTION[state], age),

    async endJob (queueName, jobId, { pending, running = '' }) {
      const key = keysOf(queueName)
      await scripted.asyncJobEnd(
        key(jobId), key(`${jobId}:lock`), key('wait'), key('paused'), key('active'), key('delayed'), key('prioritized'), key('failed'), key('stalled'), key('events'), keysOf(stopsOf(queueName))('events'),
        jobId, pending, running)
    },

    async report (queueName, jobId, token, { progress, from, rows }) {
      const key = keysOf(queueName)
      const text = progress === undefined ? '' : JSON.stringify(progress)
      try {
        return await scripted.asyncJobReport(key(jobId), key(`${jobId}:lock`), key(`${jobId}:logs`), key('events'), jobId, token, text, from, ...rows) === 1
      } catch (error) {
        // ioredis attaches the command, which holds the rows, to its error. The error of an attempt is logged.
        throw withoutCommand(error)
      }
    },

    async latestEvent (queueName) {
      const [latest] = await client.xrevrange(keysOf(queueName)('events'), '+', '-', 'COUNT', 1)
      return latest?.[0] ?? '0-0'
    },

    async trimEvents (queueName, age) {
      await scripted.asyncJobTrim(keysOf(queueName)('events'), age)
    }
  }
}
