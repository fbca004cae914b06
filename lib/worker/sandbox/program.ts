import { OptionInvalidError } from '../../base/errors.js'

/** Where this file is when the package is as it was installed. */
const PLACE = '/worker/sandbox/program.js'

/**
 * The program that runs in sandboxes: a file of this package. Looked for only when it is needed, as it may be missing
 * from a bundle, which in CommonJS does not even have an address.
 * @param here the address of this file
 * @throws `OPTION_INVALID` in a bundle, where a file of that name would be somebody else's
 */
export function sandboxProgram (here: string | undefined = import.meta.url): URL {
  if (!here?.endsWith(PLACE)) {
    throw new OptionInvalidError('processor', 'cannot be a module where fastify-async-jobs itself is bundled. Mark it external (esbuild: --external:fastify-async-jobs), and install it beside the bundle', String(here))
  }
  return new URL('./main.js', here)
}
