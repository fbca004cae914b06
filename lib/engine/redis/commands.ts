import type { Cluster, Redis } from 'ioredis'
import { withoutCommand } from '../../base/errors.js'
import { EVENTS_KEPT, LOG_PAGE, LONGEST_TEXT, PAGE_BYTES, RETENTION_OPTION, SMALL_OUTPUT, stopsOf, type StoreCommands } from '../engine.js'
import { createExpiredSearch } from './expired.js'
import { LARGE, toStoredJob, toStoredOutput, type JobReply, type UnreadableReply } from './replies.js'
import { NOW } from './time.js'

/* What BullMQ has no command for, as scripts: each is atomic, and one round trip. */

/** Parsed where a job is not there, so that this takes as long as to find that it is somebody else's. */
const LIKE_OPTIONS = '{"removeOnFail":{"age":604800},"backoff":{"delay":1000,"jitter":0.5,"type":"exponential"},"removeOnComplete":{"age":86400},"owner":"","attempts":3}'

/** How many rows are looked at together: they may be longer than a page. */
const LOG_SLICE = 10

/**
 * State, metadata and, on demand, the output of one job, where it is small. Only what is neither waiting for the
 * first time nor final needs the second look at its lock: `processedOn` stays when an attempt
 * fails or its worker dies. Never a list: LPOS over a long queue stops Redis for everybody.
 * Whose it is comes first. Then what may be large: of what is larger than we store, nothing is told.
 * KEYS: job, its lock, its log, delayed set, completed set. ARGV: job id, whether the output is wanted, owner or ''.
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

/** KEYS: log. ARGV: index of the first row. */
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
 * Moves a job that is not final to the failed ones. Without its lock, whoever runs it can store nothing
 * any more: BullMQ's own scripts and REPORT check it.
 * KEYS: job, its lock, wait, paused, active, delayed, prioritized, failed, stalled, events, events of
 * stopsOf. ARGV: job id, reason for a pending job, reason for a running one or ''.
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
-- One that lost its worker is still in the active list.
if redis.call('ZREM', KEYS[6], ARGV[1]) + redis.call('ZREM', KEYS[7], ARGV[1]) + redis.call('LREM', KEYS[5], 1, ARGV[1]) == 0 then
  -- The newest are at the head.
  if redis.call('LREM', KEYS[3], 1, ARGV[1]) == 0 then redis.call('LREM', KEYS[4], 1, ARGV[1]) end
end
redis.call('SREM', KEYS[9], ARGV[1])
redis.call('HSET', KEYS[1], 'failedReason', reason, 'finishedOn', now)
redis.call('HDEL', KEYS[1], 'defa')
redis.call('ZADD', KEYS[8], now, ARGV[1])
redis.call('XADD', KEYS[10], 'MAXLEN', '~', ${EVENTS_KEPT}, '*', 'event', 'failed', 'jobId', ARGV[1], 'failedReason', reason, 'prev', prev)
return 1`

/**
 * Progress and log rows of a job, as long as its lock is ours. ioredis sends a command again whose answer
 * was lost with the connection: rows that are there already are not pushed twice.
 * A Redis that is out of memory refuses a script that begins by storing, not one that has begun to write: BullMQ's
 * own begin by deleting the lock, and so jobs can end. This one begins by trimming nothing, so that none of them
 * fails for what it could not tell: it is the last that such a Redis is to keep, and not more than running jobs may write.
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

/** KEYS: events. ARGV: how old they may be, in ms. */
const TRIM_EVENTS = `${NOW}
return redis.call('XTRIM', KEYS[1], 'MINID', '~', now - ARGV[1])`

interface Scripted {
  asyncJobRead (...keysAndArgs: Array<string | number>): Promise<JobReply | UnreadableReply | null>
  asyncJobLogs (...keysAndArgs: Array<string | number>): Promise<string[]>
  asyncJobEnd (...keysAndArgs: Array<string | number>): Promise<0 | 1>
  asyncJobTrim (...keysAndArgs: Array<string | number>): Promise<number>
  asyncJobReport (...keysAndArgs: Array<string | number>): Promise<0 | 1>
}

/** The commands of one client on the queues under BullMQ's prefix. */
export function redisCommands (client: Redis | Cluster, prefix: string): StoreCommands {
  client.defineCommand('asyncJobRead', { lua: READ_JOB, numberOfKeys: 5 })
  client.defineCommand('asyncJobLogs', { lua: READ_LOGS, numberOfKeys: 1 })
  client.defineCommand('asyncJobEnd', { lua: END_JOB, numberOfKeys: 11 })
  client.defineCommand('asyncJobReport', { lua: REPORT, numberOfKeys: 4 })
  client.defineCommand('asyncJobTrim', { lua: TRIM_EVENTS, numberOfKeys: 1 })
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
        // The rows are in the command, and the attempt that this fails logs the error.
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
