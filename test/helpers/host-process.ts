import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Guest, Host } from './host.js'
import type { HostSettings } from '../fixtures/hosts/guest.js'

/**
 * Starts a host in a process of its own. Its environment tells it what to register (test/fixtures/hosts/guest.ts);
 * it ends with SIGTERM, as orchestrators end it.
 * @param ready what it prints when it listens, with its origin
 */
export async function startHost (guest: Guest, args: string[], ready = /http:\/\/127\.0\.0\.1:\d+/): Promise<Host> {
  const settings: HostSettings = { ...guest, job: guest.job.name }
  const child = spawn(process.execPath, args, { env: { ...process.env, GUEST: JSON.stringify(settings) }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit') as Promise<[number | null]>
  let printed = ''
  const origin = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString()
        const [found] = ready.exec(printed) ?? []
        if (found !== undefined) resolve(found)
      })
    }
    void ended.then(([code]) => { reject(new Error(`The host ended with ${code}: ${printed}`)) })
  })
  return {
    url: `${origin}/jobs`,
    async close () {
      child.kill('SIGTERM')
      const [code] = await ended
      if (code !== 0) throw new Error(`The host ended with ${code}: ${printed}`)
    }
  }
}
