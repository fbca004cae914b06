import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundlePage } from './bundle.mjs'
import { run } from './run.mjs'

/**
 * Checks the types of a TypeScript project and of those it refers to, compiles what changed, and bundles the
 * page of the example service.
 * @param {string} project its directory
 * @returns the exit code
 */
export async function build (project) {
  removeOutdated()
  const code = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', project])
  // Also where types are wrong: it is compiled then, and tests say what is wrong with it.
  return await bundlePage() ? code : code || 1
}

/** The compiler leaves the output of sources that are gone, and tap would run it. */
function removeOutdated () {
  if (!existsSync('dist')) return
  for (const output of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
    const [, source] = /^(.+?)(?:\.d\.ts|\.js|\.js\.map)$/.exec(output) ?? []
    if (source !== undefined && !existsSync(`${source}.ts`)) rmSync(join('dist', output))
  }
}
