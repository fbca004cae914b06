import { existsSync } from 'node:fs'
import { run, throwIfInterrupted } from './run.mjs'

/**
 * Installs a package of the system. That works only as root on Debian, Ubuntu and the like.
 * @param {string} name Debian's name of the package
 * @param {string} brewName Homebrew's name of the package
 * @throws on other systems or without the right, with the command to run; if apt-get fails
 */
export async function installPackage (name, brewName) {
  const debian = existsSync('/etc/debian_version')
  if (!debian || process.getuid?.() !== 0) {
    const command = debian ? `sudo apt-get install -y ${name}` : process.platform === 'darwin' ? `brew install ${brewName}` : undefined
    throw new Error(`${name} is not installed. Install it${command === undefined ? ' with the package manager of this system' : `: ${command}`}`)
  }
  console.log(`Installing ${name} (apt-get)`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const updated = await run('apt-get', ['update', '-q'], { env })
  const installed = updated === 0 ? await run('apt-get', ['install', '-y', '-q', name], { env }) : updated
  throwIfInterrupted()
  if (installed !== 0) throw new Error(`${name} could not be installed: see above what apt-get says.`)
}
