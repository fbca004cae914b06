import { connect } from 'node:net'

/** How many requests are under way at the same time. */
export const CONNECTIONS = 20

/**
 * A request, ready to be sent, and the status that its answer must have.
 * @typedef {{ bytes: Buffer, status: number }} Request
 */

/**
 * @param {string} path
 * @param {{ status: number, body?: unknown }} options body: makes it a POST
 * @returns {Request}
 */
export function request (path, { status, body }) {
  const start = `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nHost: localhost\r\n`
  const payload = Buffer.from(body === undefined ? '' : JSON.stringify(body))
  const length = body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${payload.length}\r\n`
  return { bytes: Buffer.concat([Buffer.from(`${start}${length}\r\n`), payload]), status }
}

/**
 * Sends a request again and again, on each connection as soon as the last answer is there. It uses bare sockets: the
 * load and Redis share the part of the machine that the server leaves, and an HTTP client would take most of it.
 * @param {number} port
 * @param {Request} request
 * @param {number} seconds
 * @returns {Promise<{ requests: number, rate: number, busy: number }>}
 *   rate: requests/s; busy: the share of the time in which this process was working
 */
export async function load (port, request, seconds) {
  const utilization = performance.eventLoopUtilization()
  const start = performance.now()
  const until = start + seconds * 1000
  const done = await Promise.all(Array.from({ length: CONNECTIONS }, () => repeat(port, request, until)))
  const requests = done.reduce((sum, { requests }) => sum + requests, 0)
  const end = Math.max(...done.map(({ end }) => end))
  return { requests, rate: requests / (end - start) * 1000, busy: performance.eventLoopUtilization(utilization).utilization }
}

/**
 * @param {number} port
 * @param {Request} request
 * @param {number} until
 * @returns {Promise<{ requests: number, end: number }>} end: when the last answer was there
 */
function repeat (port, { bytes, status }, until) {
  return new Promise((resolve, reject) => {
    let requests = 0
    let end = 0
    let received = Buffer.alloc(0)
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', chunk => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const answer = readAnswer(received)
      if (answer === undefined) return
      if (answer.status !== status) { socket.destroy(new Error(`${answer.status} instead of ${status}: ${received}`)); return }
      received = Buffer.alloc(0)
      requests++
      end = performance.now()
      if (end < until) socket.write(bytes)
      else socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      if (end < until) reject(new Error('The server closed a connection.'))
      else resolve({ requests, end })
    })
  })
}

/**
 * @param {Buffer} received
 * @returns {{ status: number } | undefined} undefined if the answer is not complete yet
 */
function readAnswer (received) {
  const head = received.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const [, status, length] = /^HTTP\/1\.1 (\d+).*\r\ncontent-length: (\d+)/is.exec(received.toString('latin1', 0, head)) ?? []
  if (length === undefined) throw new Error(`This answer cannot be read: ${received}`)
  return received.length < head + 4 + Number(length) ? undefined : { status: Number(status) }
}
