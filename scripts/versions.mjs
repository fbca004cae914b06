/*
 * npm run test:versions: runs the whole suite under each supported version of Node, one after the other.
 * npm run test:versions -- 22: runs it under this version. `npm run test:all` has a short form, test/versions.test.ts.
 */
import { delimiter, join } from 'node:path'
import { installMissing } from './install.mjs'
import { NODE_VERSIONS, provideNode } from './runtimes.mjs'
import { Interrupted, run, throwIfInterrupted } from './run.mjs'

process.chdir(join(import.meta.dirname, '..'))

const [version, ...files] = process.argv.slice(2)
/** @type {string[]} */
const failed = []

try {
  await installMissing()
  for (const asked of version === undefined ? NODE_VERSIONS : [version]) {
    const programs = await provideNode(asked)
    console.log(`Node ${asked}`)
    // Programs that the tests start by name run under the same version.
    const env = { ...process.env, PATH: `${programs}${delimiter}${process.env['PATH']}` }
    if (await run(join(programs, 'node'), ['scripts/test.mjs', ...(files.length === 0 ? ['--all'] : files)], { env }) !== 0) failed.push(asked)
    throwIfInterrupted()
  }
  if (failed.length > 0) {
    console.log(`FAILED under Node ${failed.join(', ')}: see above`)
    process.exitCode = 1
  }
} catch (error) {
  if (!(error instanceof Interrupted)) throw error
  process.exitCode = error.exitCode
}
