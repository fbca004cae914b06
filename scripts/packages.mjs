import { existsSync } from 'node:fs'
import { run, throwIfInterrupted } from './run.mjs'

/**
 * Installs a package of the system, where we may: as root on Debian, Ubuntu and the like.
 * @param {string} name as Debian calls it
 * @param {string} brewName as Homebrew calls it
 * @throws where we may not, with the command that does it
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
