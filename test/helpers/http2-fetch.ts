import { once } from 'node:events'
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { Readable } from 'node:stream'

/** A `fetch` that sends its requests over this session: Node's own speaks HTTP/1.1 only. */
export function http2Fetch (session: ClientHttp2Session): (url: string, init?: RequestInit) => Promise<Response> {
  return async (url, { method = 'GET', headers, body, signal } = {}) => {
    const { pathname, search } = new URL(url)
    const stream = session.request({ ':method': method, ':path': pathname + search, ...Object.fromEntries(new Headers(headers)) }, signal ? { signal } : {})
    stream.end(body ?? undefined)
    const [{ ':status': status, ...answered }] = await once(stream, 'response') as [IncomingHttpHeaders & { ':status': number }]
    const known = Object.entries(answered).map(([name, value]) => [name, String(value)] as [string, string])
    const hasBody = ![204, 304].includes(status)
    if (!hasBody) stream.resume()
    return new Response(hasBody ? Readable.toWeb(stream) as ReadableStream : null, { status, headers: known })
  }
}
