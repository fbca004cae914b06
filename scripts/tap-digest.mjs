/** Lines of TAP that are left out: its frame, and how a file was run. */
const NOISE = /^ *(?:TAP version|1\.\.\d+|# time=|$)|^ {2}(?:---|\.\.\.|(?:stdio|cwd|externalID|command|args|jobId):| {2}- )/

/** Shortens what tap prints: one line for each file, and for a file that failed the failures in it. */
export class TapDigest {
  /** @type {{ pass?: number, fail?: number }} */
  counts = {}
  /** @type {string[]} */
  #lines = []
  #print

  /** @param {(line: string) => void} print */
  constructor (print) {
    this.#print = print
  }

  /** @param {string} line */
  write (line) {
    const [, indent = '', verdict, name = ''] = /^( *)(ok|not ok) \d+(?: - (.*))?/.exec(line) ?? []
    const outer = !line.startsWith(' ')
    if (outer && verdict === undefined) this.flush()

    if (verdict === 'ok') {
      this.#dropSubtest(indent)
      if (outer) this.#print(`ok ${name}`)
    } else if (verdict === 'not ok') {
      this.#lines.push(line)
    } else if (line.startsWith('# { total:')) {
      this.counts = Object.fromEntries(Array.from(line.matchAll(/(\w+): (\d+)/g), ([, key, count]) => [key, Number(count)]))
    } else if (!NOISE.test(line)) {
      this.#lines.push(line)
    }
  }

  /** Prints the lines that were held back until the end of their file. */
  flush () {
    for (const line of this.#lines.splice(0)) this.#print(line)
  }

  /** @param {string} indent the indentation of the line that says that the subtest before it passed */
  #dropSubtest (indent) {
    const begin = this.#lines.findLastIndex(line => !line.startsWith(`${indent} `))
    if (this.#lines[begin]?.startsWith(`${indent}# Subtest`)) this.#lines.splice(begin)
  }
}
