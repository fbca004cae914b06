import type { JobLinks } from '../../types/job.js'

/**
 * Makes the links to a job's routes.
 * @param base the path or URL under which clients reach the routes
 */
export function jobLinks (base: string, jobId: string): JobLinks {
  return {
    status: `${base}/status/${jobId}`,
    result: `${base}/result/${jobId}`,
    cancel: `${base}/cancel/${jobId}`,
    events: `${base}/events/${jobId}`
  }
}

/** Matches a parameter of a path, as the router reads it. Also matches `::`, with which the router escapes a colon. */
const PARAMETER = /::|:(\w+)(?:\([^)]*\))?/g

/** Returns the names of the parameters in a prefix: `tenant` for `/tenants/:tenant/analysis`. */
export function paramsOf (prefix: string): string[] {
  return [...prefix.matchAll(PARAMETER)].flatMap(([, name]) => name ?? [])
}

/**
 * Fills the parameters of a prefix in: `/tenants/:tenant/analysis` becomes `/tenants/acme/analysis`.
 * @param params the values of the request
 */
export function resolveBase (prefix: string, params: Record<string, string>): string {
  return prefix.replace(PARAMETER, (_, name?: string) => name === undefined ? ':' : encodeURIComponent(params[name] ?? ''))
}

/**
 * Percent-encodes a prefix for links, which are URIs. The prefix itself is not encoded, because the router compares
 * decoded paths. Parameters stay as they are.
 */
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
