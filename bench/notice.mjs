/*
 * npm run bench:notice: measures how long after its end a client learns that a job is completed. It compares SSE,
 * WebSocket, long polls, and a poll once a second. Gateway and worker run in processes of their own, on a Redis of
 * their own. There are some lanes, each with one job after the other. It takes less than three minutes, and prints a
 * table in Markdown.
 * npm run bench:notice -- --quick: does all that with tiny numbers, to see that it works; the figures mean nothing.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import WebSocket from 'ws'
import { startRedis } from '../scripts/redis.mjs'

const { jobs, lanes } = process.argv.includes('--quick') ? { jobs: 20, lanes: 5 } : { jobs: 1_000, lanes: 20 }

const TIME_LIMIT = 300_000

/** @typedef {import('fastify-async-jobs').Job} Job */
/** @typedef {(jobId: string) => Promise<void>} Watch resolves when the client knows that the job is completed */

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
const timer = setTimeout(() => { throw new Error('The benchmark hangs.') }, TIME_LIMIT)

const server = await startRedis()
/** Called with the time at which a job returned, by its id. @type {Map<string, (at: number) => void>} */
const returned = new Map()
const gateway = start('gateway')
const worker = start('worker')
const [[port]] = await Promise.all([once(gateway, 'message'), once(worker, 'message')])
worker.on('message', message => {
  const { jobId, at } = /** @type {{ jobId: string, at: number }} */ (message)
  returned.get(jobId)?.(at)
})
const url = `http://127.0.0.1:${port}/analysis`

const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`)
await once(socket, 'open')
/** @type {Map<string, () => void>} */
const overSocket = new Map()
socket.on('message', data => {
  const { job } = JSON.parse(String(data))
  if (job?.status === 'completed') overSocket.get(job.jobId)?.()
})

/** @type {Record<string, Watch>} */
const ways = {
  async SSE (jobId) {
    const response = await fetch(`${url}/events/${jobId}`)
    let completed = false
    const parser = createParser({ onEvent: ({ data }) => { completed ||= JSON.parse(data).status === 'completed' } })
    const text = new TextDecoder()
    for await (const bytes of /** @type {AsyncIterable<Uint8Array>} */ (/** @type {unknown} */ (response.body))) {
      parser.feed(text.decode(bytes, { stream: true }))
      if (completed) return
    }
    throw new Error('The stream ended too early.')
  },
  WebSocket: jobId => new Promise(resolve => {
    overSocket.set(jobId, resolve)
    socket.send(JSON.stringify({ type: 'subscribe', jobId }))
  }),
  async 'long poll' (jobId) {
    while (!await isCompleted(jobId, '?wait=60'));
  },
  async 'poll once a second' (jobId) {
    while (!await isCompleted(jobId, '')) await sleep(1_000)
  }
}

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node.js ${process.version}
${jobs} jobs each, ${lanes} at the same time, each running 50 to 1,050 ms; ms from the return of the processor to the client's notice

| the client watches by | median | 99th percentile | greatest |
| --- | ---: | ---: | ---: |`)
for (const [name, watch] of Object.entries(ways)) {
  // The first jobs warm up.
  await measure(watch, lanes)
  const times = await measure(watch, jobs)
  console.log(`| ${name} | ${[0.5, 0.99, 1].map(share => times[Math.ceil(share * times.length) - 1]?.toFixed(1)).join(' | ')} |`)
}

socket.terminate()
for (const child of [gateway, worker]) {
  child.disconnect()
  await once(child, 'exit')
}
await server.stop()
clearTimeout(timer)

/**
 * @param {Watch} watch
 * @param {number} count
 * @returns {Promise<number[]>} times in ms, the shortest first
 */
async function measure (watch, count) {
  /** @type {number[]} */
  const times = []
  let left = count
  await Promise.all(Array.from({ length: lanes }, async () => {
    while (left-- > 0) times.push(await notice(watch, count + left))
  }))
  return times.sort((a, b) => a - b)
}

/**
 * @param {Watch} watch
 * @param {number} number
 */
async function notice (watch, number) {
  // Spread over a second, so that the poll once a second is not always early, or late.
  const text = String(50 + number * 137 % 1_000)
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) })
  const { jobId } = /** @type {Job} */ (await response.json())
  const [at, noticed] = await Promise.all([
    new Promise(resolve => { returned.set(jobId, resolve) }),
    watch(jobId).then(() => performance.timeOrigin + performance.now())
  ])
  returned.delete(jobId)
  overSocket.delete(jobId)
  return noticed - at
}

/**
 * @param {string} jobId
 * @param {string} query
 */
async function isCompleted (jobId, query) {
  const response = await fetch(`${url}/status/${jobId}${query}`)
  return /** @type {Job} */ (await response.json()).status === 'completed'
}

/** @param {'gateway' | 'worker'} side */
function start (side) {
  const child = fork(join(import.meta.dirname, 'notice-side.mjs'), [side, server.url])
  process.once('exit', () => { child.kill('SIGKILL') })
  return child
}
