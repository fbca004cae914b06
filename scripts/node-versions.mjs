import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The oldest Node that we support, and the newest of each later line that is maintained. */
export const NODE_VERSIONS = ['20.19', '22', '24']

/** Kept between runs: a version has 100 MB and more. */
const KEPT = '.data/node'

/**
 * A Node of that version, from the npm package `node`, which is installed when it is first asked for.
 * @param {string} version such as 22 or 22.12
 * @returns {Promise<string>} the directory of its program, to be put on the PATH
 */
export async function provideNode (version) {
  const directory = resolve(KEPT, version)
  const programs = join(directory, 'node_modules/node/bin')
  if (existsSync(programs)) return programs
  await mkdir(KEPT, { recursive: true })
  const fresh = await mkdtemp(join(KEPT, 'new-'))
  await writeFile(join(fresh, 'package.json'), '{ "private": true }')
  // A script of the package fetches the program for this platform.
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts=false', `node@${version}`], { cwd: fresh })
  // Another process may have been faster: then its copy is as good.
  await rename(fresh, directory).catch(() => rm(fresh, { recursive: true, force: true }))
  return programs
}
