import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

/**
 * Checks the types of a TypeScript project and of those it refers to, and compiles what changed.
 * @param {string} project its directory
 * @returns the exit code
 */
export function build (project) {
  removeOutdated()
  return run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', project])
}

/** The compiler leaves the output of sources that are gone, and tap would run it. */
function removeOutdated () {
  if (!existsSync('dist')) return
  for (const output of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
    const [, source] = /^(.+?)(?:\.d\.ts|\.js|\.js\.map)$/.exec(output) ?? []
    if (source !== undefined && !existsSync(`${source}.ts`)) rmSync(join('dist', output))
  }
}
