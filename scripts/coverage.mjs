import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** In percent: the table that tap prints shows what is missing. */
export const LEAST_COVERAGE = 100

/**
 * The statements of lib that the tests ran, in percent, where a line of tap's table says it.
 * @param {string} line
 */
export function statementsCovered (line) {
  const [, percent] = /^All files +\| +([\d.]+)/.exec(line) ?? []
  return percent === undefined ? undefined : Number(percent)
}

const LOADED = '.tap/processinfo'

/**
 * Sources in lib that no test loaded: tap knows nothing of them, and reports full coverage without them.
 * Those that hold types only have nothing to load.
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
