import { rm } from 'node:fs/promises'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from '../../scripts/server-process.mjs'
import { startRedis } from './redis-server.js'
import { eventually } from './service.js'

/** A Redis that can be made to refuse what workers store. */
export interface RefusingRedis {
  url: string
  refuse (): Promise<void>
  accept (): Promise<void>
}

type Refusal = (admin: Redis) => Promise<unknown>

/** By the error that Redis then answers with. */
export const REFUSALS: Record<string, { args?: string[], refuse: Refusal, accept: Refusal }> = {
  NOREPLICAS: {
    refuse: admin => admin.config('SET', 'min-replicas-to-write', '1'),
    accept: admin => admin.config('SET', 'min-replicas-to-write', '0')
  },
  // It cannot save: its directory is gone.
  MISCONF: {
    args: ['--save', '86400 100000'],
    async refuse (admin) {
      const [, directory] = await admin.config('GET', 'dir') as [string, string]
      await rm(directory, { recursive: true })
      await admin.bgsave()
      await eventually(() => admin.info('persistence'), info => info.includes('rdb_last_bgsave_status:err'))
    },
    accept: admin => admin.config('SET', 'stop-writes-on-bgsave-error', 'no')
  },
  // Of a master that is not there: it keeps what it has.
  READONLY: {
    refuse: async admin => admin.replicaof('127.0.0.1', await freePort()),
    accept: admin => admin.replicaof('NO', 'ONE')
  },
  NOPERM: {
    refuse: admin => admin.acl('SETUSER', 'service', '-evalsha', '-eval'),
    accept: admin => admin.acl('SETUSER', 'service', '+evalsha', '+eval')
  },
  'NOPERM within a script': {
    refuse: admin => admin.acl('SETUSER', 'service', '-@write'),
    accept: admin => admin.acl('SETUSER', 'service', '+@write')
  }
}

export async function startRefusingRedis (t: Test, refusal: string): Promise<RefusingRedis> {
  const { args = [], refuse, accept } = REFUSALS[refusal] as typeof REFUSALS[string]
  const server = await startRedis({ args })
  t.teardown(() => server.stop())
  const admin = new Redis(server.url)
  t.teardown(() => { admin.disconnect() })
  await admin.acl('SETUSER', 'service', 'on', '>secret', '~*', '&*', '+@all')
  return {
    url: server.url.replace('//', '//service:secret@'),
    refuse: async () => { await refuse(admin) },
    accept: async () => { await accept(admin) }
  }
}
