import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

/** What users get: the package as a tarball, packed from the build that the tests run on. */
export interface Tarball {
  path: string
  /** What it holds. */
  files: string[]
  /** A new project, with nothing installed. Resolves to its directory. */
  createProject (name: string): Promise<string>
  /** A new project that has our package and others, these in the versions that we develop with or, as `name@version`, in that one. */
  install (name: string, ...others: string[]): Promise<string>
}

export async function pack (t: Test): Promise<Tarball> {
  // Not in the repository: there, imports would find its own node_modules.
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-package-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  // Without scripts: prepack builds anew, under the feet of the other tests.
  const [packed] = Object.values(JSON.parse(await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory]))) as
    [{ filename: string, files: Array<{ path: string }> }]
  const path = join(directory, packed.filename)

  const createProject = async (name: string): Promise<string> => {
    const project = join(directory, name)
    await mkdir(project)
    await writeFile(join(project, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }))
    return project
  }

  return {
    path,
    files: packed.files.map(({ path }) => path),
    createProject,
    async install (name, ...others) {
      const project = await createProject(name)
      const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as { packages: Record<string, { version: string }> }
      const versions = others.map(other => /.@/.test(other) ? other : `${other}@${lock.packages[`node_modules/${other}`]?.version}`)
      await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', path, ...versions], { cwd: project })
      return project
    }
  }
}

/** Resolves to what the command prints. */
export async function run (command: string, args: string[], { cwd, env }: { cwd?: string, env?: Record<string, string> } = {}): Promise<string> {
  // Through env, as tap puts its instrumentation into whatever is spawned: users have none.
  const { stdout } = await promisify(execFile)('env', ['NODE_OPTIONS=', command, ...args], {
    cwd, env: { ...process.env, ...env }, maxBuffer: 10_000_000, timeout: 240_000
  })
  return stdout
}
