/*
 * npm run test:chaos: installs what is missing, builds, and runs test/chaos/main.ts, which makes things fail at random.
 */
import { join } from 'node:path'
import { build } from './build.mjs'
import { installMissing } from './install.mjs'
import { installPackage } from './packages.mjs'
import { Interrupted, run, throwIfInterrupted } from './run.mjs'
import { findOnPath } from './server-process.mjs'

process.chdir(join(import.meta.dirname, '..'))

try {
  await installMissing()
  if (findOnPath('redis-server') === undefined) await installPackage('redis-server', 'redis')
  const built = await build('test')
  throwIfInterrupted()
  process.exitCode = built === 0 ? await run(process.execPath, ['dist/test/chaos/main.js', ...process.argv.slice(2)]) : built
} catch (error) {
  if (!(error instanceof Error)) throw error
  console.error(error.message)
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1
}
