/* npm start: installs what is missing, builds, and runs the example service, or the example with the given name. */
import { join } from 'node:path'
import { build } from './build.mjs'
import { installMissing } from './install.mjs'
import { Interrupted, run, throwIfInterrupted } from './run.mjs'

process.chdir(join(import.meta.dirname, '..'))
const [example = 'server'] = process.argv.slice(2)

try {
  await installMissing()
  const built = await build('examples/web')
  throwIfInterrupted()
  process.exitCode = built === 0 ? await run(process.execPath, [`dist/examples/${example}.js`]) : built
} catch (error) {
  if (!(error instanceof Error)) throw error
  console.error(error.message)
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1
}
