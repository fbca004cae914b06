/*
 * npm run bench: measures submit and status of the plugin beside the same two routes written by hand, on a Redis of its
 * own. It takes less than four minutes, and prints a table in Markdown.
 * npm run bench -- --quick: does all that with tiny numbers, to see that it works; the figures mean nothing.
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
  : { rounds: 5, seconds: 0.8, manyJobs: 200_000 }

const TIME_LIMIT = 300_000

const LARGE = { size: '100 KB', text: 'x'.repeat(100_000) }
const MEDIUM = { size: '1 KB', text: 'x'.repeat(1_000) }
// Small, so that very many of them fit into memory.
const SMALL = { size: '0.1 KB', text: 'x'.repeat(100) }

// The servers end at the `exit` event of this process. A signal that ends the process raises no such event.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
const timer = setTimeout(() => { throw new Error('The benchmark hangs.') }, TIME_LIMIT)

const server = await startRedis()
const redis = new Redis(server.url)
const queue = openQueue(server.url)
const sides = { byHand: await startSide('by hand', server.url), plugin: await startSide('plugin', server.url) }
/** @type {import('./table.mjs').Row[]} */
const rows = []
let busiest = 0

for (const { size, text } of [MEDIUM, LARGE]) {
  const few = { waiting: 10, size }
  const reseed = () => seed(queue, redis, { waiting: few.waiting, text })
  const { waiting, running, completed } = await reseed()
  await compareStatus(few, { 'a waiting job': waiting[0], 'a running job': running, 'a completed job': completed })
  // Without `reseed`, Redis would grow by gigabytes.
  await compareSubmit(few, text, reseed)
}
{
  const { size, text } = SMALL
  const many = { waiting: manyJobs, size }
  const { waiting, running, completed } = await seed(queue, redis, { waiting: manyJobs, text })
  await compareStatus(many, {
    'the oldest waiting job': waiting[0],
    'a middle waiting job': waiting[manyJobs / 2],
    'the newest waiting job': waiting[manyJobs - 1],
    'a running job': running,
    'a completed job': completed
  })
  await compare({ ...many, request: 'status of an unknown id' }, request(`/analysis/status/${randomUUID()}`, { status: 404 }))
  await compareSubmit(many, text)
}

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node.js ${process.version}, ${await redisVersion()}
${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s a side in turns: **median** (least–greatest); the ratio is that of two rounds in a row
The load took at most ${Math.round(busiest * 100)}% of a core

${table(rows)}`)

await Promise.all([sides.byHand.stop(), sides.plugin.stop(), queue.close(), redis.quit()])
await server.stop()
clearTimeout(timer)

/** @typedef {{ waiting: number, size: string }} Setting */

/**
 * @param {Setting} setting
 * @param {Record<string, string | undefined>} jobs their ids, by the names that the table shows
 */
async function compareStatus (setting, jobs) {
  for (const [name, jobId] of Object.entries(jobs)) {
    const path = `/analysis/status/${jobId}`
    deepStrictEqual(await view(sides.plugin, path), await view(sides.byHand, path))
    await compare({ ...setting, request: `status of ${name}` }, request(path, { status: 200 }))
  }
}

/**
 * @param {Setting} setting
 * @param {string} text
 * @param {() => Promise<unknown>} [before] called before each round
 */
async function compareSubmit (setting, text, before) {
  await compare({ ...setting, request: 'submit' }, request('/analysis', { status: 202, body: { text } }), before)
}

/**
 * Measures a request on both sides in turns, so that noise hits both. Each round begins with the other side, so that
 * drift hits both.
 * @param {Setting & { request: string }} what
 * @param {import('./load.mjs').Request} request
 * @param {() => Promise<unknown>} [before] called before each round
 */
async function compare (what, request, before) {
  console.error(`${what.waiting} waiting, ${what.size}: ${what.request}`)
  /** @type {import('./table.mjs').Row} */
  const row = { ...what, byHand: [], plugin: [] }
  rows.push(row)
  // Round -1 warms up.
  for (let round = -1; round < rounds; round++) {
    for (const side of round % 2 === 0 ? /** @type {const} */ (['byHand', 'plugin']) : /** @type {const} */ (['plugin', 'byHand'])) {
      await before?.()
      const measured = await measure(sides[side], request)
      if (round >= 0) row[side].push(measured)
    }
  }
}

/**
 * @param {import('./side.mjs').Side} side
 * @param {import('./load.mjs').Request} request
 * @returns {Promise<import('./table.mjs').Round>}
 */
async function measure (side, request) {
  const before = { node: await side.cpu(), redis: await redisCpu() }
  const { requests, rate, busy } = await load(side.port, request, seconds)
  busiest = Math.max(busiest, busy)
  return { rate, node: (await side.cpu() - before.node) / requests, redis: (await redisCpu() - before.redis) / requests }
}

/**
 * Returns what a side answers, without the part that depends on the moment.
 * @param {import('./side.mjs').Side} side
 * @param {string} path
 */
async function view ({ port }, path) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  const { pollAfterMs, ...view } = /** @type {import('fastify-async-jobs').Job} */ (await response.json())
  return view
}

/** @returns the CPU time that Redis has taken so far, in µs */
async function redisCpu () {
  const times = (await redis.info('cpu')).matchAll(/^used_cpu_(?:user|sys):(.*)\r$/gm)
  return Array.from(times, ([, seconds]) => Number(seconds) * 1e6).reduce((sum, time) => sum + time, 0)
}

async function redisVersion () {
  return `Redis ${/redis_version:(.*)\r/.exec(await redis.info('server'))?.[1]}`
}
