import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundlePage } from './bundle.mjs'
import { run } from './run.mjs'

/**
 * Checks the types of a TypeScript project and of those it refers to, compiles what has changed, and bundles the page
 * of the example service.
 * @param {string} project its directory
 * @returns the exit code
 */
export async function build (project) {
  removeOutdated()
  const code = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', project])
  // Bundle the page even if types are wrong: the compiler writes its output all the same, and tests then show what is
  // wrong.
  return await bundlePage() ? code : code || 1
}

/** Removes the output of sources that are gone. The compiler leaves it, and tap would run it. */
function removeOutdated () {
  if (!existsSync('dist')) return
  for (const output of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
    const [, source] = /^(.+?)(?:\.d\.ts|\.js|\.js\.map)$/.exec(output) ?? []
    if (source !== undefined && !existsSync(`${source}.ts`)) rmSync(join('dist', output))
  }
}
