import { fileURLToPath } from 'node:url'
import { OptionInvalidError } from '../../base/errors.js'

/**
 * Returns the directory of a `file:` connection. From a URL (`file:///…`) it decodes the path. After a bare `file:` it
 * takes the rest as it is.
 * @throws `OPTION_INVALID` if no path follows from the URL
 */
export function directoryOf (connection: string): string {
  if (!connection.startsWith('file://')) return connection.slice('file:'.length)
  try {
    return fileURLToPath(connection)
  } catch {
    throw new OptionInvalidError('options.connection', 'must be file: and a path, or a URL as pathToFileURL makes it: file:///absolute/path', connection)
  }
}
