import { readFile, readlink } from 'node:fs/promises'

/**
 * The index of the start time among the fields of `/proc/<pid>/stat` after the name (field 22 in `man proc_pid_stat`).
 */
const START_TIME = 19

/**
 * Returns what tells a process from earlier ones with the same pid: the boot of the machine, the container, and last
 * the start time of the process. Undefined if there is no such process, or the system does not tell.
 */
export async function identityOf (pid: number): Promise<string | undefined> {
  try {
    const [boot, container, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid'), readFile(`/proc/${pid}/stat`, 'utf8')
    ])
    // The name is in brackets, and may contain any characters.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return `${boot.trim()} ${container} ${fields[START_TIME]}`
  } catch {
    return undefined
  }
}
