import { OptionInvalidError } from '../../base/errors.js'

/** The end of this file's URL while the package is as it was installed. */
const PLACE = '/worker/sandbox/program.js'

/**
 * Returns the URL of the program that runs in sandboxes, a file of this package. It is looked for only when it is
 * needed, because it may be missing from a bundle. In a CommonJS bundle, `import.meta.url` does not even exist.
 * @param here the URL of this file
 * @throws `OPTION_INVALID` in a bundle, where a file with that name would be somebody else's
 */
export function sandboxProgram (here: string | undefined = import.meta.url): URL {
  if (!here?.endsWith(PLACE)) {
    throw new OptionInvalidError('processor', 'cannot be a module where fastify-async-jobs itself is bundled. Mark it external (esbuild: --external:fastify-async-jobs), and install it beside the bundle', String(here))
  }
  return new URL('./main.js', here)
}
