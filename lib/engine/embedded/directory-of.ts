import { fileURLToPath } from 'node:url'
import { OptionInvalidError } from '../../base/errors.js'

/** The directory of a `file:` connection: of a URL the path that it stands for, and what follows a bare `file:` as it is. */
export function directoryOf (connection: string): string {
  if (!connection.startsWith('file://')) return connection.slice('file:'.length)
  try {
    return fileURLToPath(connection)
  } catch {
    throw new OptionInvalidError('options.connection', 'must be file: and a path, or a URL as pathToFileURL makes it: file:///absolute/path', connection)
  }
}
