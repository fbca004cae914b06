import t from 'tap'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/* The reference that `npm run docs:api` writes: every link in a doc comment leads somewhere, and all that users see has one. */

const TYPEDOC = join(dirname(createRequire(import.meta.url).resolve('typedoc/package.json')), 'bin', 'typedoc')

t.test('TypeDoc finds nothing that is wrong with the doc comments', async t => {
  t.strictSame(await complaints(), [])
})

/** What TypeDoc says with the settings in `typedoc.config.js`, each in a line. */
async function complaints (): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [TYPEDOC, '--emit', 'none'], { env: { ...process.env, NO_COLOR: '1' } })
    // Its exit code tells of warnings, too: they are no failure of its own.
    .catch((error: Error & { stdout?: string, stderr?: string }) => {
      if (!error.stdout && !error.stderr) throw error
      return { stdout: error.stdout ?? '', stderr: error.stderr ?? '' }
    })
  return `${stdout}\n${stderr}`.split('\n').filter(line => line !== '')
}
