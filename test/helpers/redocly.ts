import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const CLI = join(dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')), 'bin', 'cli.js')

/**
 * What Redocly's recommended rules find in OpenAPI documents, errors and warnings alike, each in a line. Not that
 * a WebSocket has no answer of success but 101.
 */
export async function lintDocuments (documents: Record<string, object>): Promise<string[]> {
  // A directory of their own also keeps out what would configure it.
  const cwd = await mkdtemp(join(tmpdir(), 'async-jobs-openapi-'))
  const files = Object.keys(documents).map(name => `${name}.json`)
  try {
    for (const [name, document] of Object.entries(documents)) await writeFile(join(cwd, `${name}.json`), JSON.stringify(document, undefined, 2))
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'lint', '--extends=recommended', '--skip-rule=operation-2xx-response', '--format=github-actions', ...files], { cwd, env })
      // Its exit code tells of errors, too: these are no failure of its own.
      .catch((error: Error & { stdout?: string }) => {
        if (!error.stdout) throw error
        return { stdout: error.stdout }
      })
    return stdout.split('\n').filter(line => line !== '')
  } finally {
    await rm(cwd, { recursive: true })
  }
}
