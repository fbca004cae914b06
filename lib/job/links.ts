import type { JobLinks } from '../../types/job.js'

/** Where a job's routes are, under the path at which they are reached. */
export function jobLinks (base: string, jobId: string): JobLinks {
  return {
    status: `${base}/status/${jobId}`,
    result: `${base}/result/${jobId}`,
    cancel: `${base}/cancel/${jobId}`,
    events: `${base}/events/${jobId}`
  }
}

/** A parameter of a path as the router reads it, or two colons, its way to write one that names none. */
const PARAMETER = /::|:(\w+)(?:\([^)]*\))?/g

/** The names of the parameters in a prefix: `tenant` in `/tenants/:tenant/analysis`. */
export function paramsOf (prefix: string): string[] {
  return [...prefix.matchAll(PARAMETER)].flatMap(([, name]) => name ?? [])
}

/**
 * The path of a prefix for one request: `/tenants/:tenant/analysis` is `/tenants/acme/analysis`.
 * @param params the request's own
 */
export function resolveBase (prefix: string, params: Record<string, string>): string {
  return prefix.replace(PARAMETER, (_, name?: string) => name === undefined ? ':' : encodeURIComponent(params[name] ?? ''))
}

/** A prefix as it stands in links, which are URIs: the router compares what is decoded. Parameters stay as they are. */
export function encodePrefix (prefix: string): string {
  let end = 0
  const encoded = [...prefix.matchAll(PARAMETER)].map(match => {
    const fixed = encodePath(prefix.slice(end, match.index))
    end = match.index + match[0].length
    return fixed + match[0]
  })
  return encoded.join('') + encodePath(prefix.slice(end))
}

function encodePath (path: string): string {
  return encodeURI(path.toWellFormed()).replace(/[?#]/g, encodeURIComponent)
}
