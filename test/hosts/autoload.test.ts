import autoload from '@fastify/autoload'
import Fastify from 'fastify'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listen, testHost } from '../helpers/host.js'

/* The job's file lies in a directory that @fastify/autoload reads; the directory's path becomes the prefix. */
testHost(async (guest, t) => {
  const directory = await mkdtemp(join('dist/test', 'autoload-'))
  t.teardown(() => rm(directory, { recursive: true }))
  await writeFile(join(directory, 'jobs.js'), `
    import { asyncJobs } from 'fastify-async-jobs'
    export default async (app, { guest }) => { await app.register(asyncJobs, { ...guest, prefix: undefined }) }
    export const autoPrefix = '/jobs'
  `)
  const app = Fastify()
  await app.register(autoload, { dir: join(process.cwd(), directory), options: { guest } })
  return listen(app, t)
})
