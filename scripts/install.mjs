import { readFileSync } from 'node:fs'
import { run, throwIfInterrupted } from './run.mjs'

/** Installs the dependencies of package-lock.json, unless node_modules has them already. */
export async function installMissing () {
  if (isInstalled()) return
  console.log('Installing dependencies (npm ci)')
  const code = await npm('ci', '--include=dev', '--no-audit', '--no-fund')
  throwIfInterrupted()
  if (code !== 0) throw new Error('The dependencies could not be installed: see above what npm says.')
}

function isInstalled () {
  const wanted = readPackages('package-lock.json')
  const present = readPackages('node_modules/.package-lock.json')
  // Optional packages are each for one platform, so they do not count.
  return Object.entries(wanted).every(([path, { version, optional }]) =>
    path === '' || optional || present[path]?.version === version)
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function readPackages (lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return {}
    throw error
  }
}

/** @param {string[]} args */
function npm (...args) {
  // `npm start` and `npm test` set this to the npm that runs them.
  const script = process.env['npm_execpath']
  return script === undefined ? run('npm', args) : run(process.execPath, [script, ...args])
}
