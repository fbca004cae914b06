import type { JobLinks } from '../types/job.js'

/** Where a job's routes are, under the path at which they are reached. */
export function jobLinks (base: string, jobId: string): JobLinks {
  return {
    status: `${base}/status/${jobId}`,
    result: `${base}/result/${jobId}`
  }
}

/**
 * The path of a prefix for one request: `/tenants/:tenant/analysis` is `/tenants/acme/analysis`.
 * Two colons are the router's way to write one that names no parameter.
 * @param params the request's own
 */
export function resolveBase (prefix: string, params: Record<string, string>): string {
  return prefix.replace(/::|:(\w+)(?:\([^)]*\))?/g, (_, name?: string) => name === undefined ? ':' : encodeURIComponent(params[name] ?? ''))
}
