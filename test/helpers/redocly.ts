import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const CLI = createRequire(import.meta.url).resolve('@redocly/cli/package.json').replace('package.json', 'bin/cli.js')

/** What Redocly's recommended rules find in OpenAPI documents, errors and warnings alike: `document: rule: what and where`. */
export async function lintDocuments (documents: Record<string, object>): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-openapi-'))
  try {
    for (const [name, document] of Object.entries(documents)) await writeFile(join(directory, `${name}.json`), JSON.stringify(document))
    const { problems } = await redocly(directory, ['lint', '--extends=recommended', '--format=json', ...Object.keys(documents).map(name => `${name}.json`)])
    return problems.map(({ ruleId, message, location: [place] }) =>
      `${place?.source.ref.replace('.json', '')}: ${ruleId}: ${message} ${place?.pointer}`)
  } finally {
    await rm(directory, { recursive: true })
  }
}

interface Report {
  problems: Array<{ ruleId: string, message: string, location: Array<{ source: { ref: string }, pointer: string }> }>
}

/** It must find nothing of ours to configure it, and ask nobody for anything. */
async function redocly (directory: string, args: string[]): Promise<Report> {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], { cwd: directory, env })
    // Exits with 1 where it finds errors.
    .catch((error: { stdout?: string, stderr?: string }) => {
      if (!error.stdout) throw error
      return { stdout: error.stdout }
    })
  return JSON.parse(stdout) as Report
}
