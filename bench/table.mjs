/**
 * The figures of one round of one side. CPU times are in µs per request.
 * @typedef {{ rate: number, node: number, redis: number }} Round
 */

/**
 * The measurements of one request. Rounds with the same index ran one after the other.
 * @typedef {{ waiting: number, size: string, request: string, byHand: Round[], plugin: Round[] }} Row
 */

const HEAD = ['jobs waiting', 'input', 'request', 'by hand, requests/s', 'plugin, requests/s', 'ratio', 'by hand, CPU µs: Node + Redis', 'plugin, CPU µs: Node + Redis']

/**
 * @param {Row[]} rows
 * @returns {string} Markdown
 */
export function table (rows) {
  const lines = rows.map(({ waiting, size, request, byHand, plugin }) => [
    whole(waiting),
    size,
    request,
    spread(byHand.map(({ rate }) => rate), whole),
    spread(plugin.map(({ rate }) => rate), whole),
    spread(plugin.map(({ rate }, index) => rate / /** @type {Round} */ (byHand[index]).rate), ratio),
    cpu(byHand),
    cpu(plugin)
  ])
  const alignments = HEAD.map(name => name === 'request' ? '---' : '---:')
  return [HEAD, alignments, ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** @param {Round[]} rounds */
function cpu (rounds) {
  return `${whole(median(rounds.map(({ node }) => node)))} + ${whole(median(rounds.map(({ redis }) => redis)))}`
}

/**
 * The median, the least and the greatest value.
 * @param {number[]} values
 * @param {(value: number) => string} format
 */
function spread (values, format) {
  return `**${format(median(values))}** (${format(Math.min(...values))}–${format(Math.max(...values))})`
}

/** @param {number[]} values */
function median (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}

/** @param {number} value */
function whole (value) {
  return Math.round(value).toLocaleString('en')
}

/** @param {number} value */
function ratio (value) {
  return value.toFixed(value < 10 ? 2 : 0)
}
