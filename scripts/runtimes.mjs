import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The oldest Node that is supported, and the newest of each later line that is maintained. */
export const NODE_VERSIONS = ['20.19', '22', '24']

/** Where the runtimes are kept between runs, because each has 100 MB and more. */
const KEPT = '.data/runtimes'

/**
 * Provides a version of Node.
 * @param {string} version such as 22 or 22.12
 * @returns {Promise<string>} the directory of its program; put it on the PATH
 */
export function provideNode (version) {
  return provide('node', version, 'node/bin')
}

/** @returns {Promise<string>} the program of Bun */
export async function provideBun () {
  return join(await provide('bun', '1', 'bun/bin'), 'bun.exe')
}

/** @returns {Promise<string>} the program of Deno */
export async function provideDeno () {
  return join(await provide('deno', '2', 'deno'), 'deno')
}

/**
 * Provides a runtime from its npm package. Installs it at the first call.
 * @param {string} name of the package
 * @param {string} version
 * @param {string} place of its programs in node_modules
 * @returns {Promise<string>} the directory of its programs
 */
async function provide (name, version, place) {
  const directory = resolve(KEPT, name, version)
  const programs = join(directory, 'node_modules', place)
  if (existsSync(programs)) return programs
  const parent = join(KEPT, name)
  await mkdir(parent, { recursive: true })
  const fresh = await mkdtemp(join(parent, 'new-'))
  await writeFile(join(fresh, 'package.json'), '{ "private": true }')
  // A script of the package puts the program for this platform in its place.
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts=false', `${name}@${version}`], { cwd: fresh })
  // Another process may have been faster. Its copy is as good.
  await rename(fresh, directory).catch(() => rm(fresh, { recursive: true, force: true }))
  return programs
}
