import compression from 'compression'
import Fastify from 'fastify'
import { createServer, request as send, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { asyncJobs } from '../../lib/index.js'
import { listen, testHost } from '../helpers/host.js'

/*
 * A proxy that compresses, as development servers and gateways of Express do: what is written it holds back until
 * there is enough of it, unless an answer says that it must not be transformed.
 */
testHost(async (guest, t) => {
  const app = Fastify()
  await app.register(asyncJobs, guest)
  const inner = await listen(app, t)
  const { port } = new URL(inner.url)

  const pass: RequestListener = (request, response) => {
    const { method, url, headers } = request
    const passed = send({ port, host: '127.0.0.1', method, path: url, headers }, answer => {
      response.writeHead(answer.statusCode as number, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => { response.destroy() })
    response.on('close', () => { passed.destroy() })
    request.pipe(passed)
  }
  const compress = compression({ threshold: 0 }) as unknown as (...args: [...Parameters<RequestListener>, () => void]) => void
  const proxy = createServer((request, response) => { compress(request, response, () => { pass(request, response) }) })
  proxy.on('upgrade', ({ method, url, rawHeaders }, socket, head) => {
    const passed = connect(Number(port), '127.0.0.1')
    const lines = rawHeaders.flatMap((name, index) => index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : [])
    passed.write([`${method} ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    passed.write(head)
    passed.pipe(socket).pipe(passed)
    for (const side of [socket, passed]) side.on('error', () => { socket.destroy() })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  return { ...inner, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/jobs` }
})
