/* Installs what is missing, builds, and starts the example service. */
import { build } from './build.mjs'
import { installMissing } from './install.mjs'
import { Interrupted, run } from './run.mjs'

process.chdir(new URL('..', import.meta.url).pathname)
