/*
 * npm run bench:endure: measures in three steps. First 500 clients submit, poll, wait, watch and fetch for a minute.
 * Then it shows the memory of a gateway and a worker after 10,000 and after 100,000 jobs, and last what is left in
 * Redis once retention has passed. Gateway and worker run in processes of their own, on a Redis of their own. It takes
 * about a quarter of an hour, and fails if an answer was not as intended.
 * npm run bench:endure -- --quick: does all that with tiny numbers, to see that it works; the figures mean nothing.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRedis } from '../scripts/redis.mjs'
import { RETENTION, work } from './endure.job.mjs'

const quick = process.argv.includes('--quick')
const { clients, seconds, few, many, patience } = quick
  ? { clients: 20, seconds: 2, few: 200, many: 1_000, patience: 0 }
  // Events are kept for five minutes, and old ones are deleted once a minute.
  : { clients: 500, seconds: 60, few: 10_000, many: 100_000, patience: RETENTION + 300 + 90 }

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

const server = await startRedis()
const redis = new Redis(server.url)
const gateway = start('gateway')
const worker = start('worker')
const [[port]] = await Promise.all([once(gateway, 'message'), once(worker, 'message')])
const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
/** Answers by route and status. @type {Map<string, number>} */
const answers = new Map()
/** ms, by route. @type {Map<string, number[]>} */
const times = new Map()
let jobs = 0

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node.js ${process.version}`)
const floor = await redisUse('before')

await drive(100, { jobs: few })
const memories = [await memoryRow()]

answers.clear()
times.clear()
const before = jobs
await drive(clients, { until: performance.now() + seconds * 1_000 })
console.log(`\n${clients} clients, ${seconds} s, ${jobs - before} jobs
| | answers | median ms | 99th percentile | greatest |
| --- | --- | ---: | ---: | ---: |`)
for (const [route, list] of times) {
  list.sort((a, b) => a - b)
  const statuses = [...answers].filter(([key]) => key.startsWith(`${route} `)).map(([key, count]) => `${count} × ${key.slice(route.length + 1)}`)
  console.log(`| ${route} | ${statuses.join(', ')} | ${[0.5, 0.99, 1].map(share => list[Math.ceil(share * list.length) - 1]?.toFixed(1)).join(' | ')} |`)
}

await drive(100, { jobs: many })
memories.push(await memoryRow())
console.log(`\n| jobs so far | gateway, MiB: heap, resident | worker, MiB: heap, resident |\n| ---: | ---: | ---: |\n${memories.join('\n')}`)
const unmeant = [...answers.keys()].filter(key => !/ (?:200|202|204|503 QUEUE_FULL)$/.test(key))

console.log('\n| Redis | MiB | keys | events |\n| --- | ---: | --- | ---: |')
console.log(floor)
console.log(await redisUse('after the last job'))
await sleep(patience * 1_000)
console.log(await redisUse(`${patience} s later`))

agent.destroy()
for (const child of [gateway, worker]) {
  child.disconnect()
  await once(child, 'exit')
}
redis.disconnect()
await server.stop()
if (unmeant.length > 0) {
  console.error(`These answers were not meant: ${unmeant.join(', ')}`)
  process.exitCode = 1
}

/**
 * Runs so many clients at the same time, until the limit.
 * @param {number} count
 * @param {{ until?: number, jobs?: number }} limit
 */
async function drive (count, { until = Infinity, jobs: most = Infinity }) {
  await Promise.all(Array.from({ length: count }, async (_, client) => {
    for (let round = client; performance.now() < until && jobs < most; round++) await life(`user ${client}`, round)
  }))
}

/**
 * Submits a job and follows it to its result.
 * @param {string} user
 * @param {number} round chooses the way to follow it
 */
async function life (user, round) {
  const text = `the text of ${user} ${round}`
  const submitted = await ask('submit', user, 'POST', '', { text })
  if (submitted.status === 503) return await sleep(Number(submitted.retryAfter) * 1_000)
  jobs++
  const { jobId } = JSON.parse(submitted.body)
  const ways = [
    async () => { while (JSON.parse((await ask('status', user, 'GET', `/status/${jobId}`)).body).status !== 'completed') await sleep(50) },
    async () => { while (JSON.parse((await ask('wait', user, 'GET', `/status/${jobId}?wait=10`)).body).status !== 'completed'); },
    async () => { await ask('events', user, 'GET', `/events/${jobId}`) }
  ]
  await ways[round % ways.length]?.()
  const { body } = await ask('result', user, 'GET', `/result/${jobId}`)
  if (body !== JSON.stringify({ text: text.toUpperCase() })) throw new Error(`This is not the result of ${text}: ${body}`)
}

/**
 * @param {string} route
 * @param {string} user
 * @param {string} method
 * @param {string} path
 * @param {unknown} [payload]
 * @returns {Promise<{ status: number, body: string, retryAfter: string | undefined }>}
 */
function ask (route, user, method, path, payload) {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    const headers = { 'x-user': user, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) }
    const sent = request({ port, path: `/work${path}`, method, agent, headers }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => { body += chunk }).on('error', reject).on('end', () => {
        const status = Number(response.statusCode)
        const key = `${route} ${status}${status < 400 ? '' : ` ${JSON.parse(body).code}`}`
        answers.set(key, (answers.get(key) ?? 0) + 1)
        timesOf(route).push(performance.now() - begun)
        resolve({ status, body, retryAfter: response.headers['retry-after'] })
      })
    })
    sent.on('error', reject)
    sent.end(payload === undefined ? undefined : JSON.stringify(payload))
  })
}

/** @param {string} route */
function timesOf (route) {
  const list = times.get(route) ?? []
  times.set(route, list)
  return list
}

/** @param {'gateway' | 'worker'} side */
function start (side) {
  const child = fork(join(import.meta.dirname, 'endure-side.mjs'), [side, server.url], { execArgv: ['--expose-gc'] })
  process.once('exit', () => { child.kill('SIGKILL') })
  return child
}

async function memoryRow () {
  return `| ${jobs} | ${await memory(gateway)} | ${await memory(worker)} |`
}

/** @param {import('node:child_process').ChildProcess} child */
async function memory (child) {
  child.send('memory')
  const [{ heapUsed, rss }] = /** @type {[NodeJS.MemoryUsage]} */ (await once(child, 'message'))
  return `${mib(heapUsed)}, ${mib(rss)}`
}

/** @param {number} bytes */
function mib (bytes) {
  return (bytes / 2 ** 20).toFixed(1)
}

/** @param {string} when */
async function redisUse (when) {
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
  /** @type {Map<string, number>} */
  const keys = new Map()
  for (const key of await redis.keys('*')) {
    const name = key.replace('bull:', '').replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '<id>')
    keys.set(name, (keys.get(name) ?? 0) + 1)
  }
  const events = await redis.xlen(`bull:${work.name}:events`)
  return `| ${when} | ${mib(used)} | ${[...keys].map(([name, count]) => `${count} × ${name}`).join(', ')} | ${events} |`
}
