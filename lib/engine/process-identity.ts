import { readFile, readlink } from 'node:fs/promises'

/** Where in what Linux says of a process, behind its name, the time of its start is. */
const START_TIME = 19

/**
 * What tells a process from all others that have had its number: the start of the machine, the container, and the
 * process's own start, last. Undefined where there is no such process, or the system does not tell.
 */
export async function identityOf (pid: number): Promise<string | undefined> {
  try {
    const [boot, container, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid'), readFile(`/proc/${pid}/stat`, 'utf8')
    ])
    // The name is in brackets, and may have any characters.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return `${boot.trim()} ${container} ${fields[START_TIME]}`
  } catch {
    return undefined
  }
}
