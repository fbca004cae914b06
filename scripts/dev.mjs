/*
 * npm run dev: does what `npm start` does, and again whenever a source changes. The compiler and the bundler build what
 * the change touches. Node restarts the service when one of its files was compiled. Reload a page that is open.
 */
import { join } from 'node:path'
import { build } from './build.mjs'
import { watchPage } from './bundle.mjs'
import { installMissing } from './install.mjs'
import { Interrupted, run, throwIfInterrupted } from './run.mjs'

process.chdir(join(import.meta.dirname, '..'))

/**
 * The parts of `dist` whose changes restart the service. Node must be told: it does not follow what the thread of the
 * processor imports. The page is not among them, because a reload shows its changes.
 */
const WATCHED = ['lib', 'examples/analysis', 'examples/server.js']

try {
  await installMissing()
  // Go on even if types are wrong: the compiler watches on, and says when they are right.
  await build('examples/web')
  throwIfInterrupted()
  const stopPage = await watchPage()
  // Both run until they are interrupted.
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
