/*
 * npm run dev: what `npm start` does, and again whenever a source changes. The compiler and the bundler build what the
 * change touches. Node restarts the service when one of its files was compiled. A page that is open takes a reload.
 */
import { join } from 'node:path'
import { build } from './build.mjs'
import { watchPage } from './bundle.mjs'
import { installMissing } from './install.mjs'
import { Interrupted, run, throwIfInterrupted } from './run.mjs'

process.chdir(join(import.meta.dirname, '..'))

/** Named, as Node does not follow what the thread of the processor imports. The page is not in it: a reload shows that. */
const WATCHED = ['lib', 'examples/analysis', 'examples/server.js']

try {
  await installMissing()
  // Also where types are wrong: the compiler goes on watching, and says when they are right.
  await build('examples/web')
  throwIfInterrupted()
  const stopPage = await watchPage()
  // All of them go on until they are interrupted.
  const [compiler, service] = await Promise.all([
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'examples/web', '--watch', '--preserveWatchOutput']),
    run(process.execPath, ['--watch', ...WATCHED.map(path => `--watch-path=dist/${path}`), '--watch-preserve-output', 'dist/examples/server.js'])
  ])
  await stopPage()
  process.exitCode = compiler || service
} catch (error) {
  if (!(error instanceof Error)) throw error
  console.error(error.message)
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1
}
