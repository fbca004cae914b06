import t, { type Test } from 'tap'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import type { AddressInfo } from 'node:net'
import { asyncJobs, createWorker, defineJob, Type, type Job, type JobDefinition } from '../../lib/index.js'
import stoppable, { type Task } from '../fixtures/stoppable-processor.js'
import { call, final, isFinalJob, startCluster, submit, type Gateway, type Reply } from '../helpers/cluster.js'
import { silent, uniqueName } from '../helpers/engines.js'
import { createRandom } from '../helpers/random.js'
import { startRedis } from '../helpers/redis-server.js'
import { eventually } from '../helpers/service.js'

const cancel = (gateway: Pick<Gateway, 'origin'>, jobId: string): Promise<Reply<Record<string, unknown>>> => call(gateway, 'POST', `/cancel/${jobId}`)
const status = (gateway: Pick<Gateway, 'origin'>, jobId: string): Promise<Reply<Job>> => call(gateway, 'GET', `/status/${jobId}`)

/** What every answer about a canceled job is, on whichever gateway, and however often it is canceled. */
async function checkCanceled (t: Test, gateways: Array<Pick<Gateway, 'origin'>>, jobId: string, wasRunning: boolean): Promise<void> {
  const job = { jobId, status: 'canceled', cancelRequested: wasRunning }
  for (const gateway of gateways) {
    t.match(await cancel(gateway, jobId), { status: wasRunning ? 202 : 200, body: job }, 'the same answer again')
    t.match(await status(gateway, jobId), { status: 200, body: { ...job, pollAfterMs: undefined } })
    t.match(await call(gateway, 'GET', `/result/${jobId}`), { status: 409, body: { code: 'JOB_CANCELED' } })
  }
}

/** A place where processors run, with a gateway of its own. */
interface Place {
  gateway: Pick<Gateway, 'origin'>
  submit (what: Task['do']): Promise<string>
  /** Waits for what the processor says of a job. */
  told (what: 'started' | 'aborted' | 'ignored', jobId: string): Promise<number>
}

type StartWorker = (job: JobDefinition, connection: string) => { close (): Promise<void> } | undefined

async function startPlace (t: Test, start: StartWorker | undefined): Promise<Place> {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const redis = new Redis(server.url)
  t.teardown(() => { redis.disconnect() })
  const job = defineJob({
    name: uniqueName(),
    input: Type.Object({ redis: Type.String(), do: Type.Unsafe<Task['do']>({ type: 'string' }) }),
    output: Type.String(),
    backoff: { type: 'fixed', delay: 600_000 }
  })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(asyncJobs, { job, prefix: '/jobs', connection: server.url, ...(start === undefined && { processor: stoppable, worker: { closeTimeout: 0 } }) })
  const worker = start?.(job as JobDefinition, server.url)
  t.teardown(() => worker?.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const gateway = { origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` }
  return {
    gateway,
    async submit (what) {
      const { status, body } = await call<Job>(gateway, 'POST', '', { body: { redis: server.url, do: what } satisfies Task })
      t.equal(status, 202)
      return body.jobId
    },
    async told (what, jobId) {
      const reply = await redis.blpop(`${what} ${jobId}`, 0)
      return Number(reply?.[1])
    }
  }
}

const module = new URL('../fixtures/stoppable-processor.js', import.meta.url)
const places: Record<string, { start?: StartWorker, cancels: number }> = {
  'in the process of the gateway': { cancels: 50 },
  'in a worker': { start: (job, connection) => createWorker(job, stoppable as never, { connection, log: silent, closeTimeout: 0 }), cancels: 50 },
  'in a thread': { start: (job, connection) => createWorker(job, module, { connection, log: silent, sandbox: 'thread', closeTimeout: 0 }), cancels: 50 },
  'in a child process': { start: (job, connection) => createWorker(job, module, { connection, log: silent, sandbox: 'process', closeTimeout: 0 }), cancels: 50 }
}

t.test('wherever jobs run', async t => {
  for (const [where, { start, cancels }] of Object.entries(places)) {
    await t.test(where, async t => {
      const { gateway, submit, told } = await startPlace(t, start)
      const latencies: number[] = []
      for (let count = 0; count < cancels; count++) {
        const jobId = await submit('stop')
        await told('started', jobId)
        const asked = performance.timeOrigin + performance.now()
        const answer = await cancel(gateway, jobId)
        if (answer.status !== 202 || answer.body['status'] !== 'canceled') t.fail('It was canceled', answer)
        latencies.push(await told('aborted', jobId) - asked)
        if (count === 0) await checkCanceled(t, [gateway], jobId, true)
      }
      reportLatencies(t, latencies)
      for (const what of ['ignore and return', 'ignore and throw'] as const) {
        const jobId = await submit(what)
        await told('started', jobId)
        t.match(await cancel(gateway, jobId), { status: 202, body: { status: 'canceled', attempt: 1 } }, what)
        const next = await submit('return')
        await told('ignored', jobId)
        t.match(await final(gateway, next), { status: 'completed' }, 'the worker goes on to the next job')
        await checkCanceled(t, [gateway], jobId, true)
      }
      const failing = await submit('fail')
      await eventually(() => status(gateway, failing), ({ body }) => body.nextAttemptAt !== undefined)
      t.match(await cancel(gateway, failing), { status: 200, body: { status: 'canceled', attempt: 1 } }, 'one that waits for its next attempt')
      await checkCanceled(t, [gateway], failing, false)
    })
  }
})

function reportLatencies (t: Test, latencies: number[]): void {
  const sorted = latencies.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] as number
  t.comment(`the signal aborted after ${median.toFixed(1)} ms at the median of ${sorted.length}, ${sorted.at(-1)?.toFixed(1)} at most`)
  t.ok(median < 200, 'the signal aborts at once')
}

t.test('on two gateways', async t => {
  const { gateways, steps, aborted } = await startCluster(t, { workers: 1, concurrency: 1 })
  const [first, second] = gateways

  await t.test('running in another process', async t => {
    const latencies: number[] = []
    for (let count = 0; count < 50; count++) {
      const jobId = await submit(first, { chunks: 1, end: 'never' })
      await steps(jobId, 1)
      const asked = performance.timeOrigin + performance.now()
      const { status } = await cancel(second, jobId)
      if (status !== 202) t.fail('It was canceled', { status })
      latencies.push(await aborted(jobId) - asked)
      if (count === 0) await checkCanceled(t, gateways, jobId, true)
    }
    reportLatencies(t, latencies)
  })

  await t.test('pending', async t => {
    const running = await submit(first, { chunks: 1, end: 'never' })
    await steps(running, 1)
    const jobId = await submit(first, { chunks: 1 })
    t.match(await cancel(second, jobId), { status: 200, body: { status: 'canceled', attempt: 0, startedAt: undefined } })
    await cancel(second, running)
    await final(first, await submit(first, {}))
    await checkCanceled(t, gateways, jobId, false)
  })

  await t.test('final', async t => {
    for (const [script, wanted] of [[{}, 'completed'], [{ end: 'refuse' }, 'failed']] as const) {
      const jobId = await submit(first, script)
      t.match(await final(first, jobId), { status: wanted })
      for (const gateway of gateways) {
        t.match(await cancel(gateway, jobId), { status: 409, body: { code: 'JOB_ALREADY_FINISHED', jobId } })
        t.match(await status(gateway, jobId), { status: 200, body: { status: wanted } })
      }
    }
  })

  await t.test('unknown', async t => {
    t.match(await cancel(first, '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'), { status: 404, body: { code: 'JOB_NOT_FOUND' } })
  })
})

t.test('cancel and completion at the same time', async t => {
  const RACES = 500
  const { gateways: [first, second], steps, go, redis } = await startCluster(t, { workers: 2, concurrency: 10 })
  const random = createRandom(3)
  const won = { canceled: 0, completed: 0 }
  /** How much later than the job is told to return the cancel is sent, in ms: so that either wins about as often. */
  let lead = 1

  /** What a reader is told of the job's end, and from then on. */
  const read = async (gateway: Gateway, jobId: string): Promise<string[]> => {
    const told: string[] = []
    while (told.length < 4) {
      const { body: job } = await status(gateway, jobId)
      if (isFinalJob(job) || told.length > 0) told.push(job.status)
      const result = await call(gateway, 'GET', `/result/${jobId}`)
      const outcome = result.status === 200 ? 'completed' : result.body['code'] === 'JOB_CANCELED' ? 'canceled' : String(result.body['code'])
      if (outcome !== 'JOB_NOT_FINISHED' || told.length > 0) told.push(outcome)
    }
    return told
  }

  const race = async (): Promise<void> => {
    const jobId = await submit(first, { chunks: 1, end: 'when told' })
    await steps(jobId, 1)
    const readers = [read(first, jobId), read(second, jobId)]
    const delay = lead + random() * 2 - 1
    if (delay < 0) setTimeout(() => { go(jobId) }, -delay)
    else go(jobId)
    if (delay > 0) await new Promise(resolve => { setTimeout(resolve, delay) })
    const answer = await cancel(first, jobId)
    const winner = answer.status === 202 ? 'canceled' : answer.status === 409 ? 'completed' : undefined
    if (winner === undefined) throw new Error(`It was neither canceled nor finished: ${JSON.stringify(answer)}`)
    won[winner]++
    lead = Math.min(Math.max(lead + (winner === 'canceled' ? 0.3 : -0.3), -10), 20)
    const told = new Set((await Promise.all(readers)).flat())
    // Whatever the processor returned after that.
    go(jobId)
    const [completed, failed, output] = await Promise.all([redis.zscore('bull:scripted:completed', jobId), redis.zscore('bull:scripted:failed', jobId), redis.hexists(`bull:scripted:${jobId}`, 'returnvalue')])
    const stored = { canceled: completed === null && failed !== null && output === 0, completed: completed !== null && failed === null && output === 1 }
    if (told.size !== 1 || !told.has(winner) || !stored[winner]) t.fail('All see the same winner', { winner, told: [...told], completed, failed, output })
  }

  let left = RACES
  await Promise.all(Array.from({ length: 10 }, async () => { while (left-- > 0) await race() }))
  t.comment(`canceled ${won.canceled} times, completed ${won.completed} times`)
  t.equal(won.canceled + won.completed, RACES)
  t.ok(Math.min(won.canceled, won.completed) > RACES / 10, 'either won often')
  t.match(await final(second, await submit(first, {})), { status: 'completed' }, 'the workers go on')
  t.strictSame([await redis.llen('bull:scripted:active'), await redis.zcard('bull:scripted:completed') + await redis.zcard('bull:scripted:failed')], [0, RACES + 1], 'and nothing is left over')
})
