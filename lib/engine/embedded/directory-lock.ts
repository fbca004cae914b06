import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DirectoryInUseError } from '../../base/errors.js'
import { identityOf } from '../process-identity.js'

/** How often the owner of a lock gives a sign of life, in ms. */
const BEAT = 1_000

/** How long an owner of whom nothing else is known may give none, in ms. */
const SILENCE = 5_000

/** What a lock says of its owner. */
interface Owner {
  pid: number
  /** Which of all that have had this number; undefined where the system does not tell. */
  identity?: string | undefined
}

/**
 * Makes a directory this process's own: two databases in one directory would destroy each other's
 * data. Creates it where it is missing.
 * @param identify tells processes of one number apart
 * @returns gives it up
 * @throws `DIRECTORY_IN_USE`
 */
export async function lockDirectory (directory: string, identify = identityOf): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true })
  // Beside what PostgreSQL keeps in there, which ignores names it does not know.
  const lock = join(directory, 'fastify-async-jobs.pid')
  await take(lock, directory, identify)
  const beat = setInterval(() => {
    const now = new Date()
    utimes(lock, now, now).catch(() => {})
  }, BEAT)
  // It is no reason for a process to go on.
  beat.unref()
  return async () => {
    clearInterval(beat)
    await rm(lock, { force: true })
  }
}

async function take (lock: string, directory: string, identify: typeof identityOf): Promise<void> {
  try {
    const file = await open(lock, 'wx')
    await file.writeFile(JSON.stringify({ pid: process.pid, identity: await identify(process.pid) } satisfies Owner))
    await file.close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const owner = parse(await readFile(lock, 'utf8'))
    if (await isAlive(owner, lock, identify)) throw new DirectoryInUseError(directory, String(owner.pid))
    // Its owner was killed. Two that find that out in the same instant could both go on: for development that will do.
    await rm(lock, { force: true })
    await take(lock, directory, identify)
  }
}

/** A container has processes of its own: the same number, often 1, is another process there, and after each start. */
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

/** Where a process is: all that is in its identity but when it was started. */
function placeOf (identity: string): string {
  return identity.slice(0, identity.lastIndexOf(' '))
}

/** What is no lock of ours has an owner that nothing is known of. */
function parse (text: string): Owner {
  try {
    const { pid, identity } = JSON.parse(text) as Owner
    return { pid, identity }
  } catch {
    return { pid: NaN }
  }
}
