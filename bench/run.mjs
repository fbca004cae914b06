/*
 * npm run bench: submit and status of the plugin beside the same two routes written by hand, on a
 * Redis of its own. Takes under four minutes and prints a table in Markdown.
 * npm run bench -- --quick: the same with tiny numbers, to see that it works; the figures mean nothing.
 */
import { deepStrictEqual } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { cpus } from 'node:os'
import { Redis } from 'ioredis'
import { startRedis } from '../scripts/redis.mjs'
import { openQueue } from './by-hand.mjs'
import { CONNECTIONS, load, request } from './load.mjs'
import { seed } from './seed.mjs'
import { startSide } from './side.mjs'
import { table } from './table.mjs'

const { rounds, seconds, manyJobs } = process.argv.includes('--quick')
  ? { rounds: 2, seconds: 0.2, manyJobs: 2_000 }
  : { rounds: 5, seconds: 1, manyJobs: 200_000 }

const FEW_JOBS = 10
const TIME_LIMIT = 5 * 60_000

// What was started ends with this process, but only where that exits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
const timer = setTimeout(() => { throw new Error('The benchmark hangs.') }, TIME_LIMIT)

const server = await startRedis()
const redis = new Redis(server.url)
const queue = openQueue(server.url)
const plugin = await startSide('plugin', server.url)
const byHand = await startSide('by hand', server.url)
/** @type {import('./table.mjs').Row[]} */
const rows = []
let busiest = 0

for (const [size, text] of /** @type {const} */ ([['1 KB', 'x'.repeat(1_000)], ['100 KB', 'x'.repeat(100_000)]])) {
  const few = { waiting: FEW_JOBS, text }
  const where = `${FEW_JOBS} waiting, ${size}`
  const seeded = await seed(queue, redis, few)
  await compareStatus(where, { waiting: seeded.waiting[FEW_JOBS / 2], running: seeded.running, completed: seeded.completed })
  // Else Redis would grow by gigabytes.
  await compareSubmit(where, text, () => seed(queue, redis, few))
}
{
  const text = 'x'.repeat(100)
  const where = `${manyJobs.toLocaleString('en')} waiting, 0.1 KB`
  const { waiting, running, completed } = await seed(queue, redis, { waiting: manyJobs, text })
  await compareStatus(where, { oldest: waiting[0], middle: waiting[manyJobs / 2], newest: waiting[manyJobs - 1], running, completed })
  await compareSubmit(where, text)
}

console.log(`Node.js ${process.version}, ${await redisVersion()}, ${cpus().length} × ${cpus()[0]?.model}
${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s a side, in turns: **median** (least–greatest); the ratio is that of each two rounds
The load took at most ${Math.round(busiest * 100)}% of its core

${table(rows)}`)

await Promise.all([plugin.stop(), byHand.stop(), queue.close(), redis.quit()])
await server.stop()
clearTimeout(timer)

/**
 * @param {string} where
 * @param {Record<string, string | undefined>} jobs ids, by what the table calls them
 */
async function compareStatus (where, jobs) {
  for (const [name, jobId] of Object.entries(jobs)) {
    deepStrictEqual(await view(plugin, jobId), await view(byHand, jobId))
    await compare(`status, ${name} (${where})`, request(`/analysis/status/${jobId}`, { status: 200 }))
  }
  await compare(`status, unknown id (${where})`, request(`/analysis/status/${randomUUID()}`, { status: 404 }))
}

/**
 * @param {string} where
 * @param {string} text
 * @param {() => Promise<unknown>} [before] each round
 */
async function compareSubmit (where, text, before) {
  await compare(`submit (${where})`, request('/analysis', { status: 202, body: { text } }), before)
}

/**
 * Measures a request on both sides in turns, so that noise hits both, and in changing order, so that drift does.
 * @param {string} name
 * @param {import('./load.mjs').Request} request
 * @param {() => Promise<unknown>} [before]
 */
async function compare (name, request, before) {
  console.error(name)
  /** @type {import('./table.mjs').Row} */
  const row = { name, byHand: [], plugin: [] }
  // The round before the first warms up.
  for (let round = -1; round < rounds; round++) {
    for (const side of round % 2 === 0 ? /** @type {const} */ (['byHand', 'plugin']) : /** @type {const} */ (['plugin', 'byHand'])) {
      await before?.()
      const measured = await measure(side === 'plugin' ? plugin : byHand, request)
      if (round >= 0) row[side].push(measured)
    }
  }
  rows.push(row)
}

/**
 * @param {import('./side.mjs').Side} side
 * @param {import('./load.mjs').Request} request
 * @returns {Promise<import('./table.mjs').Round>}
 */
async function measure (side, request) {
  const [nodeBefore, redisBefore] = [await side.cpu(), await redisCpu()]
  const { requests, rate, busy } = await load(side.port, request, seconds)
  busiest = Math.max(busiest, busy)
  return { rate, node: (await side.cpu() - nodeBefore) / requests, redis: (await redisCpu() - redisBefore) / requests }
}

/**
 * What a side answers of a job, without what depends on the moment.
 * @param {import('./side.mjs').Side} side
 * @param {string | undefined} jobId
 */
async function view ({ port }, jobId) {
  const response = await fetch(`http://127.0.0.1:${port}/analysis/status/${jobId}`)
  const { pollAfterMs, ...view } = /** @type {import('fastify-async-jobs').Job} */ (await response.json())
  return view
}

/** @returns the CPU time that Redis took so far, in µs */
async function redisCpu () {
  const seconds = (await redis.info('cpu')).matchAll(/^used_cpu_(?:user|sys):(.*)\r$/gm)
  return Array.from(seconds, ([, value]) => Number(value) * 1e6).reduce((sum, value) => sum + value)
}

async function redisVersion () {
  return `Redis ${/redis_version:(.*)\r/.exec(await redis.info('server'))?.[1]}`
}
