import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { installPackage } from './packages.mjs'
import { run, throwIfInterrupted } from './run.mjs'
import { findOnPath } from './server-process.mjs'

const REQUIREMENTS = 'scripts/schemathesis.txt'
const CACHE = 'node_modules/.cache'

/** What Python prints of itself, where it can make virtual environments: on Debian that is a package of its own. */
const VERSION = 'import ensurepip, venv, sys; print("%d.%d" % sys.version_info[:2])'

/**
 * Sees to it that the tests find a Python with Schemathesis at SCHEMATHESIS_PYTHON. It is installed once, into a
 * virtual environment whose name tells what is in it.
 * @throws where it cannot be had, with the remedy
 */
export async function provideSchemathesis () {
  const version = await pythonVersion() ?? await installPython()
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 8)
  const environment = resolve(CACHE, `schemathesis-${hash}-python${version}`)
  if (!existsSync(environment)) await install(environment)
  process.env['SCHEMATHESIS_PYTHON'] = pythonOf(environment)
}

/** @param {string} environment where it will be, whole or not at all */
async function install (environment) {
  console.log('Installing Schemathesis (pip)')
  mkdirSync(CACHE, { recursive: true })
  const fresh = mkdtempSync(join(resolve(CACHE), 'new-'))
  try {
    const made = await run('python3', ['-m', 'venv', fresh])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', REQUIREMENTS]
    const installed = made === 0 ? await run(pythonOf(fresh), pip) : made
    throwIfInterrupted()
    if (installed !== 0) throw new Error('Schemathesis could not be installed: see above what pip says. It needs Python 3.11 or later, and PyPI.')
    // Its programs name the directory in which they were installed. Python itself, which is all that is run, does not.
    renameSync(fresh, environment)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

/** @returns {Promise<string>} the version */
async function installPython () {
  await installPackage('python3-venv', 'python')
  const version = await pythonVersion()
  if (version === undefined) throw new Error('The python3 on the PATH has no venv and ensurepip. Put one that has them before it.')
  return version
}

/** @returns {Promise<string | undefined>} undefined where there is no Python, or one that makes no virtual environments */
async function pythonVersion () {
  if (findOnPath('python3') === undefined) return undefined
  let version = ''
  const code = await run('python3', ['-c', VERSION], { onLine: line => { version = line } })
  return code === 0 ? version : undefined
}

/** @param {string} environment */
function pythonOf (environment) {
  return join(environment, 'bin', 'python')
}
