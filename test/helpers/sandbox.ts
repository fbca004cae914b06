import type { Test } from 'tap'
import type { JobContext } from '../../lib/index.js'
import { openSandbox } from '../../lib/worker/sandbox.js'

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
      const sandbox = openSandbox(module, kind)
      t.teardown(() => sandbox.close())
      return sandbox
    }))
  }
}
