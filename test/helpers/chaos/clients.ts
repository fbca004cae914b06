import { setTimeout as sleep } from 'node:timers/promises'
import { createJobsClient } from '../../../lib/client/index.js'
import type { Job } from '../../../types/job.js'
import type { scripted } from '../../fixtures/cluster/job.js'
import { openSocketWatcher, openStream, watchPolls, watchStream, type History } from '../watchers.js'
import type { Entry, Ledger } from './ledger.js'
import { faultsOfWatcher } from './outputs.js'
import type { JobPlan, Transport } from './plan.js'
import type { Requests, Target } from './requests.js'

/** How long a job, and whoever watches it, may take to its end, in ms. */
const LONGEST = 90_000

/** What the jobs of clients take from submission to end. */
export interface Clients {
  /** One client's job, from its submission to its end; what goes wrong goes to the ledger. */
  serve (plan: JobPlan): Promise<void>
  /** One client that follows a job to its end. */
  follow (entry: Entry, transport: Transport, breakAfter?: number): Promise<void>
  close (): void
}

export function createClients (target: Target, requests: Requests, ledger: Ledger): Clients {
  const socket = openSocketWatcher(target, 500)
  const api = createJobsClient<typeof scripted>('http://gateways/jobs', { fetch: send, retry: { attempts: 50, minDelay: 50, maxDelay: 500 } })

  /** The client of the library takes one address: here, that of a load balancer. */
  async function send (url: string, init: RequestInit): Promise<Response> {
    const { pathname, search } = new URL(url)
    const wait = Number(/wait=(\d+)/.exec(search)?.[1] ?? 0)
    const answer = await requests.answered(`client ${pathname}`, wait, signal =>
      fetch(target.origin + pathname + search, { ...init, signal: init.signal ? AbortSignal.any([init.signal, signal]) : signal }))
    if (answer === undefined) throw new TypeError('The connection broke')
    return answer
  }

  const submit = async ({ script, transport, key }: JobPlan): Promise<string> => {
    if (transport === 'client') return (await api.submit(script)).id
    const wait = transport === 'submit-and-wait' ? 3 : 0
    const { status, headers, body } = await requests.insist<Job>(target, 'POST', '', {
      wait, body: script, headers: { ...(key !== undefined && { 'idempotency-key': key }), ...(wait > 0 && { prefer: `wait=${wait}` }) }
    })
    if (status === 202) return body.jobId
    const ended = /\/result\/([^/]+)$/.exec(String(headers['content-location']))?.[1]
    if (ended === undefined) throw new Error(`A submission was answered with ${status} ${JSON.stringify(body)}`)
    return ended
  }

  const resubmit = async ({ script, key = '' }: JobPlan, { jobId }: Entry): Promise<void> => {
    const again = await requests.insist<Job>(target, 'POST', '', { body: script, headers: { 'idempotency-key': key } })
    if (again.body.jobId !== jobId || again.headers['idempotent-replayed'] !== 'true') ledger.fault(`${jobId}: sent again, it is ${JSON.stringify(again.body)}`)
    const other = await requests.insist(target, 'POST', '', { body: { ...script, size: 1 }, headers: { 'idempotency-key': key } })
    if (other.status !== 422) ledger.fault(`${jobId}: its key took another input: ${other.status} ${JSON.stringify(other.body)}`)
  }

  const cancel = async (entry: Entry): Promise<void> => {
    entry.cancel = 'asked'
    const { status, body } = await requests.insist(target, 'POST', `/cancel/${entry.jobId}`)
    if (status === 409) entry.cancel = 'too late'
    else if (status === 200 || status === 202) entry.cancel = 'confirmed'
    else ledger.fault(`${entry.jobId}: a cancel was answered with ${status} ${JSON.stringify(body)}`)
  }

  const poll = (wait: number) => (jobId: string): Promise<History> => watchPolls(target, jobId, wait, (to, path) =>
    requests.ask<Job>(to, 'GET', path, { wait, headers: { prefer: `wait=${wait}` } }))

  const watch: Record<Transport, (jobId: string, breakAfter: number) => Promise<History>> = {
    sse: (jobId, breakAfter) => watchStream(target, jobId, breakAfter, (to, jobId, after) =>
      requests.answered(`GET /events/${jobId}`, 0, signal => openStream(to, jobId, after, signal))),
    websocket: jobId => socket.watch(jobId),
    'long-poll': poll(10),
    'submit-and-wait': poll(1),
    async client (jobId) {
      const history: History = []
      for await (const event of api.job(jobId)) history.push(event)
      return history
    }
  }

  const follow: Clients['follow'] = async (entry, transport, breakAfter = Infinity) => {
    const history = await watch[transport](entry.jobId, breakAfter)
    for (const fault of faultsOfWatcher(history, entry, transport)) ledger.fault(`${transport}: ${fault}`)
    const last = history.at(-1)
    if (last?.type === 'job') entry.ends.push({ by: transport, job: last.job })
  }

  const serve = async (plan: JobPlan): Promise<void> => {
    const { script, transport, cancelAfter, breakAfter } = plan
    const entry = ledger.enter(await submit(plan), script)
    await Promise.all([
      follow(entry, transport, breakAfter),
      plan.resubmit && transport !== 'client' && resubmit(plan, entry),
      cancelAfter !== undefined && sleep(cancelAfter).then(() => cancel(entry))
    ])
  }

  return {
    follow,
    async serve (plan) {
      const late = new AbortController()
      const outcome = await Promise.race([
        serve(plan).then(() => undefined, (error: unknown) => String(error)),
        sleep(LONGEST, 'not over in time', { signal: late.signal })
      ])
      late.abort()
      if (outcome !== undefined) ledger.fault(`a client by ${plan.transport} (${JSON.stringify(plan)}): ${outcome}`)
    },
    close () { socket.close() }
  }
}

/** A load that goes on until it is stopped. */
export interface Load {
  /** Submits no more. Resolves when all clients have seen the end of their jobs. */
  stop (): Promise<void>
}

/** @param rate jobs a second, whatever becomes of those before */
export function startLoad (clients: Clients, plans: Iterator<JobPlan, never>, rate: number): Load {
  const open = new Set<Promise<void>>()
  const stopping = new AbortController()
  const run = async (): Promise<void> => {
    const begin = performance.now()
    for (let count = 0; !stopping.signal.aborted; count++) {
      const serving = clients.serve(plans.next().value).finally(() => { open.delete(serving) })
      open.add(serving)
      await sleep(Math.max(0, begin + count * 1_000 / rate - performance.now()))
    }
    await Promise.all(open)
    clients.close()
  }
  const running = run()
  return {
    async stop () {
      stopping.abort()
      await running
    }
  }
}
