import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import type { Job } from '../../lib/index.js'
import { chunkOf, type Script } from '../fixtures/cluster/job.js'
import { call, final, persist, startCluster, submit, type Cluster } from '../helpers/cluster.js'
import { faultsOf } from '../helpers/history.js'
import { createRandom } from '../helpers/random.js'
import { openSocketWatcher, watchPolls, watchStream, type History } from '../helpers/watchers.js'

const JOBS = 1_000
const CUTS = 10

/** What becomes of a job, and from when on it is watched: 0 from its submission, else from a chunk on, or from its end. */
interface Plan {
  script: Script
  status: Job['status']
  /** Chunks in all, unless it is canceled. */
  chunks: number
  cancelAt: number | undefined
  watchAt: { stream: number, socket: number, polls: number }
  breakAfter: number
}

function makePlan (random: () => number): Plan {
  const integer = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1))
  const chunks = integer(2, 6)
  const script: Script = { chunks, size: 0, pace: integer(5, 40), failures: 0, end: 'return' }
  const kind = random()
  const cancelAt = kind < 0.1 ? integer(0, chunks) : undefined
  if (kind < 0.1) script.end = 'never'
  else if (kind < 0.25) script.failures = integer(1, 2)
  else if (kind < 0.35) script.failures = 3
  else if (kind < 0.4) script.end = 'refuse'
  const attempts = Math.min(script.failures + 1, 3)
  // One more than there are is its end.
  const moment = (): number => integer(0, chunks * attempts + 1)
  return {
    script,
    status: cancelAt !== undefined ? 'canceled' : script.failures === 3 || script.end === 'refuse' ? 'failed' : 'completed',
    chunks: chunks * attempts,
    cancelAt,
    watchAt: { stream: moment(), socket: moment(), polls: moment() },
    // Some hang up again and again, and resume.
    breakAfter: random() < 0.2 ? integer(1, 4) : Infinity
  }
}

interface Watched {
  plan: Plan
  jobId: string
  /** The job in the end, as the other gateway says it. */
  end: Job
  histories: Record<keyof Plan['watchAt'], History>
}

/** Submits jobs through the first gateway, watches each in three ways on the second, and follows each on the first. */
async function watchJobs (cluster: Cluster, seed: number, onEnd: () => void): Promise<{ watched: Watched[], connections: number }> {
  const { gateways: [first, second], steps } = cluster
  const random = createRandom(seed)
  const plans = Array.from({ length: JOBS }, () => makePlan(random))
  const socket = openSocketWatcher(second, JOBS * 3)
  const follow = async (plan: Plan, jobId: string): Promise<Watched> => {
    const { script, watchAt, cancelAt, breakAfter } = plan
    const ending = final(first, jobId).finally(onEnd)
    /** One that is canceled may not come so far. */
    const moment = async (at: number): Promise<unknown> => at === 0 ? undefined : await Promise.race([steps(jobId, at), ending])
    const [end, stream, overSocket, polls] = await Promise.all([
      ending,
      moment(watchAt.stream).then(() => watchStream(second, jobId, breakAfter)),
      moment(watchAt.socket).then(() => socket.watch(jobId)),
      moment(watchAt.polls).then(() => watchPolls(second, jobId, script.pace % 2 === 0 ? 1 : 30)),
      cancelAt !== undefined && moment(cancelAt).then(() => persist(() => call(first, 'POST', `/cancel/${jobId}`)))
    ])
    return { plan, jobId, end, histories: { stream, socket: overSocket, polls } }
  }
  const following: Array<Promise<Watched>> = []
  // Twenty clients submit at the same time. Nobody waits for the watchers before all are there.
  await Promise.all(Array.from({ length: 20 }, async () => {
    for (let plan = plans.pop(); plan !== undefined; plan = plans.pop()) {
      const watching = follow(plan, await submit(first, plan.script))
      watching.catch(() => {})
      following.push(watching)
    }
  }))
  const watched = await Promise.all(following)
  socket.close()
  return { watched, connections: socket.connections }
}

async function checkAll (t: Test, { redis }: Cluster, watched: Watched[]): Promise<void> {
  const rows = redis.pipeline()
  for (const { jobId } of watched) rows.llen(`bull:scripted:${jobId}:logs`)
  const written = (await rows.exec() ?? []).map(([, length]) => Number(length))
  t.equal(watched.length, JOBS)
  t.strictSame(watched.filter(({ plan, end }) => end.status !== plan.status).map(({ plan, end }) => [plan, end]), [], 'every job ends as it should')
  t.strictSame(watched.filter(({ plan }, at) => plan.cancelAt === undefined && written[at] !== plan.chunks).map(({ plan, end }, at) => [plan, end, written[at]]), [], 'with all that it wrote')
  for (const way of ['stream', 'socket', 'polls'] as const) {
    const faults = watched.flatMap(({ plan, jobId, end, histories }, at) => {
      const history = histories[way]
      const { chunks } = plan.script
      const told = history.filter(({ type }) => type === 'output').length
      const last = history.at(-1)
      return [
        ...faultsOf(history, jobId, index => {
          const run = Math.floor(index / chunks) + 1
          return { run, data: chunkOf(jobId, run, index % chunks) }
        }),
        ...way !== 'polls' && told !== written[at] ? [`${jobId}: was told ${told} of ${written[at]} chunks`] : [],
        ...last?.type === 'job' && isDeepStrictEqual(last.job, end) ? [] : [`${jobId}: ends as ${JSON.stringify(last)} instead of ${JSON.stringify(end)}`]
      ]
    })
    t.strictSame(faults.slice(0, 5), [], `${way}: ${faults.length} faults`)
    const lengths = watched.map(({ histories }) => histories[way].length)
    t.comment(`${way}: ${lengths.reduce((sum, length) => sum + length, 0)} events, ${Math.max(...lengths)} at most of one job`)
  }
}

t.test('a thousand jobs, each watched from some moment of its life', async t => {
  const cluster = await startCluster(t)
  const { watched, connections } = await watchJobs(cluster, 1, () => {})
  await checkAll(t, cluster, watched)
  t.ok(connections > 1, 'the socket was connected anew, and resumed')
})

t.test('the same while the gateways lose Redis again and again', async t => {
  const cluster = await startCluster(t)
  let ended = 0
  const cuts: Array<Promise<number>> = []
  const { watched } = await watchJobs(cluster, 2, () => {
    if (++ended % Math.floor(JOBS / (CUTS + 1)) === 0 && cuts.length < CUTS) cuts.push(cluster.cut())
  })
  t.notOk((await Promise.all(cuts)).includes(0), 'they were connected')
  t.equal(cuts.length, CUTS)
  await checkAll(t, cluster, watched)
})
