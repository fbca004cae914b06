import { PeerMissingError } from '../base/errors.js'

/**
 * Loads an optional peer dependency at its first use.
 * @throws `PEER_MISSING`, with the install command, if it is not installed
 */
export async function loadPeer<Module> (name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') throw new PeerMissingError(name, name)
    throw error
  }
}
