import t, { type Test } from 'tap'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { defineJob, Type } from '../../lib/index.js'
import type { Crowd, Got, Told } from '../fixtures/crowd.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { logLines } from '../helpers/log-lines.js'
import { startService } from '../helpers/service.js'
import { all, listen, openStream } from '../helpers/watch.js'

/* Many who get a lot at once: each gets all of it, and whoever asks for little meanwhile is answered. */

t.setTimeout(120_000)

const CHUNKS = 100
const CHUNK = 'x'.repeat(10_000)
const OUTPUT = 'ü'.repeat(500_000)

/** How long a status may take, in ms. On a machine that does nothing else it is less than 100. */
const PATIENCE = 3_000

interface Loaded {
  address: string
  /** A completed job. */
  submit (): Promise<string>
  /** Sends the crowd, and asks for the status of a job all the time until it has all. */
  send <Result> (crowd: Crowd, jobId: string): Promise<Result[]>
}

async function start (t: Test, chunks: number): Promise<Loaded> {
  const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.String(), maxOutputBytes: 10_000_000 })
  const lines = logLines()
  const { app } = await startService(t, {
    job,
    connection: redisUrl(),
    worker: { concurrency: 10 },
    processor: async (_input, { write }) => {
      for (let n = 0; n < chunks; n++) await write(CHUNK)
      return OUTPUT
    }
  }, { logger: { level: 'warn', stream: lines } })
  const address = `${await listen(app)}/jobs`
  const jobs = app.jobs(job)
  return {
    address,
    async submit () {
      const { jobId } = await jobs.submit({})
      await jobs.wait(jobId)
      return jobId
    },
    async send <Result> (crowd: Crowd, jobId: string) {
      const clients = new Worker(new URL('../fixtures/crowd.js', import.meta.url), { workerData: crowd })
      t.teardown(() => clients.terminate())
      const done = new AbortController()
      const results = once(clients, 'message').then(([message]) => message as Result[]).finally(() => { done.abort() })
      let slowest = 0
      let asked = 0
      for (; !done.signal.aborted; asked++) {
        const before = performance.now()
        t.equal((await fetch(`${address}/status/${jobId}`)).status, 200)
        slowest = Math.max(slowest, performance.now() - before)
      }
      t.comment(`${asked} times the status, ${Math.round(slowest)} ms at most`)
      t.ok(asked > 2 && slowest < PATIENCE, 'who asks for the status is answered')
      t.strictSame(lines.lines(), [], 'and nobody takes the store for away')
      return await results
    }
  }
}

t.test('300 streams at once of a job with a megabyte of partial output', async t => {
  const { address, submit, send } = await start(t, CHUNKS)
  const jobId = await submit()
  const url = `${address}/events/${jobId}`
  const streams = await send<Got>({ urls: Array.from({ length: 300 }, () => url) }, jobId)
  const events = await all((await openStream(t, url)).events)
  t.strictSame(events.slice(0, -1).map(({ data }) => data), Array.from({ length: CHUNKS }, (_, index) => ({ jobId, index, run: 1, data: CHUNK })))
  t.match(events.at(-1), { data: { status: 'completed' } })
  t.strictSame(new Set(streams.map(({ status }) => status)), new Set([200]))
  const text = await (await fetch(url)).text()
  t.strictSame(new Set(streams.map(({ hash }) => hash)), new Set([sha1(text)]), 'all got the same')
})

t.test('300 clients that fetch a result of a megabyte at once', async t => {
  const { address, submit, send } = await start(t, 0)
  const jobId = await submit()
  const results = await send<Got>({ urls: Array.from({ length: 300 }, (_, n) => `${address}/result/${jobId}${n % 2 === 0 ? '' : '?wait=1'}`) }, jobId)
  t.strictSame(results.filter(({ status }) => status !== 200), [])
  t.strictSame(new Set(results.map(({ hash }) => hash)), new Set([sha1(JSON.stringify(OUTPUT))]))
})

t.test('a WebSocket that watches many such jobs at once', async t => {
  const { address, submit, send } = await start(t, CHUNKS)
  const jobIds = await Promise.all(Array.from({ length: 100 }, submit))
  const told = await send<Told>({ socket: `${address.replace('http', 'ws')}/socket`, jobIds }, jobIds[0] as string)
  t.strictSame(told, jobIds.map(() => ({ chunks: CHUNKS, final: true })))
})

function sha1 (text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
