import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { installPackage } from './packages.mjs'
import { run, throwIfInterrupted } from './run.mjs'
import { findOnPath } from './server-process.mjs'

const REQUIREMENTS = 'scripts/schemathesis.txt'
const CACHE = 'node_modules/.cache'

/**
 * A Python program that prints its version. It fails if Python cannot make virtual environments: on Debian, that needs
 * another package.
 */
const VERSION = 'import ensurepip, venv, sys; print("%d.%d" % sys.version_info[:2])'

/**
 * Makes sure that the tests find a Python with Schemathesis at SCHEMATHESIS_PYTHON. Installs it once, into a virtual
 * environment whose name tells its content.
 * @throws if that fails; the message says what to do
 */
export async function provideSchemathesis () {
  const version = await pythonVersion() ?? await installPython()
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 8)
  const environment = resolve(CACHE, `schemathesis-${hash}-python${version}`)
  if (!existsSync(environment)) await install(environment)
  process.env['SCHEMATHESIS_PYTHON'] = pythonOf(environment)
}

/** @param {string} environment its directory, which is there only when everything is installed */
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
    // The programs of the environment contain the directory of their installation, so they do not work after this.
    // Python itself does, and only that is used.
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

/** @returns {Promise<string | undefined>} undefined if there is no Python, or one that makes no virtual environments */
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
