import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { redisUrl } from './engines.js'

/** Tests run in dist/test. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Example {
  /** What it has printed, errors and log lines too. */
  output (): string
  /** The first address it has printed. */
  origin: string
  /** Ends it as a terminal or an orchestrator does. Resolves to its exit code. */
  stop (signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * Runs a compiled example as a process of its own, and waits until it has printed `until`.
 * @param cwd where it keeps its data; by default a directory that is gone after the test
 */
export async function startExample (t: Test, path: string, until: RegExp, env: Record<string, string> = {}, cwd?: string): Promise<Example> {
  const directory = cwd ?? await temporaryDirectory(t)
  const child = runExample(path, env, directory)
  const ended = once(child, 'exit') as Promise<[number | null]>
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      output += chunk.toString()
      if (until.test(output)) resolve()
    }
    child.stdout?.on('data', onData)
    child.stderr?.on('data', onData)
    child.once('exit', code => { reject(new Error(`${path} ended with ${code}: ${output}`)) })
  })
  return {
    output: () => output,
    origin: `http://${/[\w.]+:\d+/.exec(output)?.[0]}`,
    async stop (signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = await ended
      return code
    }
  }
}

/** Any free port, and only the store that a test gives it. */
export function runExample (path: string, env: Record<string, string>, cwd: string): ChildProcess {
  const program = join(root, 'dist', 'examples', path)
  if (!existsSync(program)) throw new Error(`${program} does not exist: npm test builds it first`)
  const { REDIS_URL: _ours, ...inherited } = process.env
  return spawn(process.execPath, [program], { cwd, env: { ...inherited, PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
}

export async function temporaryDirectory (t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-example-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** The names of the examples' jobs are fixed: each test takes a database of its own. */
export function redisDatabase (index: number): string {
  const url = new URL(redisUrl())
  url.pathname = `/${index}`
  return url.href
}
