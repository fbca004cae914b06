import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DirectoryInUseError } from '../../base/errors.js'
import { identityOf } from '../process-identity.js'

/** How often the owner of a lock touches its file, in ms. */
const BEAT = 1_000

/** How long to watch the lock file of an owner whose process cannot be identified, in ms. */
const SILENCE = 5_000

/** The content of a lock file: the process that owns it. */
interface Owner {
  pid: number
  /**
   * Tells the process from earlier ones with the same pid. Undefined if the system does not tell (see `identityOf`).
   */
  identity?: string | undefined
}

/**
 * Locks a directory for this process. Two databases in one directory would destroy each other's data. Creates the
 * directory if it is missing.
 * @param identify returns what tells a process from others with the same pid
 * @returns a function that releases the lock
 * @throws `DIRECTORY_IN_USE` if the owner of the lock is alive
 */
export async function lockDirectory (directory: string, identify = identityOf): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true })
  // The file lies beside PostgreSQL's own files. PostgreSQL ignores names that it does not know.
  const lock = join(directory, 'fastify-async-jobs.pid')
  const content = JSON.stringify({ pid: process.pid, identity: await identify(process.pid) } satisfies Owner)
  await take(lock, content, directory, identify)
  const beat = setInterval(() => {
    const now = new Date()
    utimes(lock, now, now).catch(() => {})
  }, BEAT)
  // The timer must not keep the process running.
  beat.unref()
  return async () => {
    clearInterval(beat)
    // If this process stood still for long, the lock may be another one's by now.
    if (await readFile(lock, 'utf8').catch(() => undefined) === content) await rm(lock, { force: true })
  }
}

async function take (lock: string, content: string, directory: string, identify: typeof identityOf): Promise<void> {
  try {
    await writeFile(lock, content, { flag: 'wx' })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const owner = await findOwner(lock, identify)
    if (owner !== undefined) throw new DirectoryInUseError(directory, String(owner.pid))
    // The owner was killed. Two processes that find this out at the same instant may both go on. That is accepted,
    // because the embedded engine is for development.
    await rm(lock, { force: true })
    await take(lock, content, directory, identify)
  }
}

/** The owner of a lock; undefined if it is not alive, or releases the lock meanwhile. */
async function findOwner (lock: string, identify: typeof identityOf): Promise<Owner | undefined> {
  try {
    const owner = parse(await readFile(lock, 'utf8'))
    return await isAlive(owner, lock, identify) ? owner : undefined
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf (error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code
}

/**
 * Whether the owner of a lock is alive. If it runs in the same container as this process, its pid and identity decide.
 * Otherwise the pid says nothing: in another container, or after a restart, the same number (often 1) is another
 * process. Then the function watches for up to `SILENCE` ms whether the owner touches the lock file.
 */
async function isAlive ({ pid, identity }: Owner, lock: string, identify: typeof identityOf): Promise<boolean> {
  const ours = await identify(process.pid)
  const isSeen = identity !== undefined && ours !== undefined && placeOf(identity) === placeOf(ours)
  if (isSeen) return await identify(pid) === identity
  const { mtimeMs } = await stat(lock)
  for (const end = performance.now() + SILENCE; performance.now() < end; await sleep(BEAT / 4)) {
    if ((await stat(lock)).mtimeMs !== mtimeMs) return true
  }
  return false
}

/** The place of a process: its identity without the last part, the start time of the process. */
function placeOf (identity: string): string {
  return identity.slice(0, identity.lastIndexOf(' '))
}

/** Reads a lock file. A file with other content counts as the lock of an unknown owner. */
function parse (text: string): Owner {
  try {
    // Any content may be there. Wrong types do no harm: no running process has such a pid and identity.
    const { pid, identity } = JSON.parse(text) as Owner
    return { pid, identity }
  } catch {
    return { pid: NaN }
  }
}
