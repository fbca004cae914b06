import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { once } from 'node:events'
import type { Job } from '../../../types/job.js'
import { call, final, pause, type Reply } from '../cluster.js'
import type { Target } from './requests.js'

const UNKNOWN = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'
const SCRIPT = { chunks: 0 }

/** Every question that a client can ask. */
const QUESTIONS: Record<string, (to: Target, jobId: string) => Promise<Reply>> = {
  submit: to => call(to, 'POST', '', { body: SCRIPT }),
  'submit once': to => call(to, 'POST', '', { body: SCRIPT, headers: { 'idempotency-key': 'probe' } }),
  'submit and wait': to => call(to, 'POST', '', { body: SCRIPT, headers: { prefer: 'wait=20' } }),
  status: (to, jobId) => call(to, 'GET', `/status/${jobId}`),
  'status, waiting': (to, jobId) => call(to, 'GET', `/status/${jobId}?wait=20`),
  result: (to, jobId) => call(to, 'GET', `/result/${jobId}`),
  'result, waiting': (to, jobId) => call(to, 'GET', `/result/${jobId}?wait=20`),
  cancel: (to, jobId) => call(to, 'POST', `/cancel/${jobId}`),
  events: (to, jobId) => call(to, 'GET', `/events/${jobId}`, { headers: { accept: 'text/event-stream' } }),
  socket: askSocket
}

async function askSocket ({ origin }: Target, jobId: string): Promise<Reply> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/jobs/socket`)
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'subscribe', jobId }))
  const [data] = await once(socket, 'message') as [Buffer]
  socket.terminate()
  const { problem } = JSON.parse(String(data)) as { problem: { status: number } }
  return { status: problem.status, headers: { 'retry-after': 'of no use here' }, body: problem }
}

/**
 * While the store cannot do what is asked: everybody is told so, in time.
 * @param which of the questions; default all
 */
export async function refusesAll (t: Test, to: Target, limit: number, which = Object.keys(QUESTIONS), jobId = UNKNOWN): Promise<void> {
  await Promise.all(Object.entries(QUESTIONS).filter(([name]) => which.includes(name)).map(async ([name, ask]) => {
    const start = performance.now()
    const { status, headers, body } = await ask(to, jobId)
    const ms = performance.now() - start
    t.match({ name, status, code: (body as { code?: string }).code }, { name, status: 503, code: 'STORE_UNAVAILABLE' })
    t.ok(headers['retry-after'], `${name}: says when to ask again`)
    t.ok(ms < limit, `${name}: within ${limit} ms: ${Math.round(ms)}`)
  }))
}

/** How long it takes, in ms, until a job is accepted, and until it is completed. */
export async function recovery (to: Target): Promise<{ accepted: number, completed: number }> {
  const start = performance.now()
  for (;;) {
    const reply = await call<Job>(to, 'POST', '', { body: SCRIPT }).catch(() => undefined)
    if (reply?.status === 202) {
      const accepted = performance.now() - start
      const { status } = await final(to, reply.body.jobId)
      if (status !== 'completed') throw new Error(`The job is ${status}`)
      return { accepted, completed: performance.now() - start }
    }
    await pause()
  }
}
