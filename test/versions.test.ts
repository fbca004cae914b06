import t from 'tap'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { provideNode } from '../scripts/runtimes.mjs'
import { pack, run } from './helpers/tarball.js'

/*
 * Users' projects with other versions of what is around us than the suite has. In each of them, the package is
 * installed from its tarball, a program is compiled, and run. The whole suite under each Node: npm run test:versions.
 */

t.setTimeout(300_000)

const NEWEST = ['fastify@5', 'ioredis@6', 'pg@8', '@electric-sql/pglite@0', '@types/node@24', '@types/ws@8']

/** By the version of Node: the oldest of everything that the package says it works with, then the newest. */
const PROJECTS: Record<string, string[]> = {
  20.19: ['fastify@5.0.0', 'ioredis@5.3.2', 'pg@8.3.0', '@electric-sql/pglite@0.3.0', '@types/node@20', '@types/ws@8', 'typescript@5.9'],
  22: [...NEWEST, 'typescript@6'],
  24: [...NEWEST, 'typescript@7']
}

const compilerOptions = { strict: true, exactOptionalPropertyTypes: true, target: 'es2022', types: ['node'], module: 'nodenext', rootDir: 'src', outDir: 'out' }

const tarball = await pack(t)

for (const [version, packages] of Object.entries(PROJECTS)) {
  await t.test(`Node ${version}, ${packages.filter(name => !name.startsWith('@types')).join(', ')}`, async t => {
    const [project, programs] = await Promise.all([tarball.install(version, ...packages), provideNode(version)])
    await cp('test/fixtures/versions', join(project, 'src'), { recursive: true })
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
    const node = join(programs, 'node')
    // With our declarations, and all that they refer to.
    t.equal(await run(node, ['node_modules/typescript/bin/tsc'], { cwd: project }).catch((error: { stdout: string, stderr: string }) => error.stdout + error.stderr), '', 'its types fit')
    const printed = await run(node, ['out/life.js'], { cwd: project })
    for (const engine of ['embedded', 'redis', 'redis, sandboxed', 'redis, with a worker', 'postgres']) t.match(printed, `${engine}, websocket\n`)
  })
}
