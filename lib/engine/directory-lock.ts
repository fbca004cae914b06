import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DirectoryInUseError } from '../errors.js'

/**
 * Makes a directory this process's own: two databases in one directory would destroy each other's
 * data. Creates it where it is missing.
 * @returns gives it up
 * @throws `DIRECTORY_IN_USE`
 */
export async function lockDirectory (directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true })
  // Beside what PostgreSQL keeps in there, which ignores names it does not know.
  const lock = join(directory, 'fastify-async-jobs.pid')
  await take(lock, directory)
  return () => rm(lock, { force: true })
}

async function take (lock: string, directory: string): Promise<void> {
  try {
    const file = await open(lock, 'wx')
    await file.writeFile(String(process.pid))
    await file.close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const owner = await readFile(lock, 'utf8')
    if (isAlive(Number(owner))) throw new DirectoryInUseError(directory, owner)
    // Its owner was killed. Two that find that out in the same instant could both go on: for development that will do.
    await rm(lock, { force: true })
    await take(lock, directory)
  }
}

function isAlive (pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // The process of somebody else lives, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
