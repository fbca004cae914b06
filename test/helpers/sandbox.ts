import type { Test } from 'tap'
import type { JobContext } from '../../lib/index.js'
import type { End } from '../../lib/worker/sandbox/carrier.js'
import type { Child } from '../../lib/worker/sandbox/child.js'
import { readSandboxMessage, type HostMessage, type SandboxMessage } from '../../lib/worker/sandbox/messages.js'
import { openSandbox } from '../../lib/worker/sandbox/pool.js'
import type { startThread } from '../../lib/worker/sandbox/thread.js'

/** Those of a job that says nothing about them. */
export const LIMITS = { maxOutputChunks: 10_000, maxOutputBytes: 1_048_576 }

/** The compiled module of a processor. */
export const fixture = (name: string): URL => new URL(`../fixtures/${name}`, import.meta.url)

export interface Reports { progress: Array<[number, string | undefined]>, chunks: unknown[], log: unknown[] }

/** What a processor gets, and all that it reports. */
export function context (controller = new AbortController(), overrides: Partial<JobContext> = {}): JobContext & { reports: Reports } {
  const reports: Reports = { progress: [], chunks: [], log: [] }
  const line = (level: string) => (...args: unknown[]): void => { reports.log.push([level, ...args]) }
  return {
    jobId: 'a-job',
    attempt: 2,
    maxAttempts: 3,
    signal: controller.signal,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    async progress (percent, message) { reports.progress.push([percent, message]) },
    async write (chunk) { reports.chunks.push(chunk) },
    reports,
    ...overrides
  }
}

/** Runs the same tests with threads and with child processes. */
export async function onEachKind (t: Test, test: (t: Test, open: (module?: URL | string) => ReturnType<typeof openSandbox>) => Promise<void>): Promise<void> {
  for (const kind of ['thread', 'process'] as const) {
    await t.test(kind, t => test(t, (module = fixture('processor.js')) => {
      const sandbox = openSandbox(module, kind, LIMITS)
      t.teardown(() => sandbox.close())
      return sandbox
    }))
  }
}

/** Has a child load a module. */
export function load (module: string): HostMessage {
  return { type: 'load', href: fixture(module).href, limits: LIMITS }
}

/** Says something, and waits for what comes next. */
export function ask (child: Child, message: HostMessage): Promise<SandboxMessage> {
  return new Promise((resolve, reject) => {
    child.listener = { onMessage: resolve, onEnd: end => { reject(new Error(JSON.stringify(end))) } }
    child.send(message)
  })
}

/** An order to run, but for its input. */
export const RUN = { type: 'run', jobId: 'a-job', attempt: 1, maxAttempts: 1 } as const

/** What a sandbox says in the moment in which it exits is heard before its end. */
export async function testLastWords (t: Test, start: typeof startThread): Promise<void> {
  const heard: string[] = []
  const end = await new Promise<End>(resolve => {
    const { post } = start(text => {
      const message = readSandboxMessage(text)
      heard.push(...message?.type === 'log' ? message.lines.map(({ message }) => message as string) : [message?.type as string])
      if (message?.type === 'loaded') post(JSON.stringify({ ...RUN, input: { do: 'speak and exit' } }))
    }, end => { heard.push('end'); resolve(end) })
    post(JSON.stringify(load('processor.js')))
  })
  t.strictSame(heard, ['loaded', 'the last words', 'end'])
  t.strictSame(end, { reason: undefined, code: 7, signal: null })
}
