import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The least coverage of statements, in percent. The table that tap prints shows what is missing. */
export const LEAST_COVERAGE = 100

/**
 * Reads a line of tap's table.
 * @param {string} line
 * @returns how many statements of lib the tests ran, in percent; undefined if the line does not say it
 */
export function statementsCovered (line) {
  const [, percent] = /^All files +\| +([\d.]+)/.exec(line) ?? []
  return percent === undefined ? undefined : Number(percent)
}

const LOADED = '.tap/processinfo'

/**
 * Finds the sources of lib that no test loaded. tap does not know them, and reports full coverage without them. A
 * source that holds only types has nothing to load, and does not count.
 */
export function unloadedSources () {
  const loaded = new Set(readJsonFiles(LOADED).flatMap(({ files }) => files))
  return readdirSync('dist/lib', { recursive: true, encoding: 'utf8' })
    .map(file => join('dist/lib', file))
    .filter(file => file.endsWith('.js') && hasCode(file) && !loaded.has(resolve(file)))
    .map(file => file.replace('dist/', '').replace(/js$/, 'ts'))
}

/** @param {string} file */
function hasCode (file) {
  return readFileSync(file, 'utf8').replace(/^(export \{\};|\/\/# sourceMappingURL=.*)$/gm, '').trim() !== ''
}

/**
 * @param {string} directory
 * @returns {Array<{ files: string[] }>}
 */
function readJsonFiles (directory) {
  if (!existsSync(directory)) return []
  return readdirSync(directory).map(file => JSON.parse(readFileSync(join(directory, file), 'utf8')))
}
