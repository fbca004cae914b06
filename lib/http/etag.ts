import { hash } from 'node:crypto'
import type { Job } from '../../types/job.js'

/**
 * Makes the `ETag` of a job. It changes whenever the job changes for its clients. It is weak, because the bytes of an
 * answer change with time alone: `pollAfterMs` grows with the age of the job. `links` do not count, because they follow
 * from the job's URL.
 */
export function etagOf ({ pollAfterMs, links, ...job }: Job): string {
  return `W/"${hash('sha256', JSON.stringify(job), 'base64url').slice(0, 16)}"`
}

/**
 * Matches the tags of an `If-None-Match`. Servers that compress an answer on its way add a suffix to tags: `-gzip`,
 * `--br`.
 */
const TAGS = /"([^"]*?)(?:-{1,2}(?:gzip|br|deflate|zstd))?"/g

/** Whether an `If-None-Match` has a tag. The comparison is weak (RFC 9110, section 13.1.2). */
export function isKnown (ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true
  // etagOf makes tags in this form.
  const [, own] = /"(.*)"/.exec(etag) as unknown as [string, string]
  return [...ifNoneMatch.matchAll(TAGS)].some(([, tag]) => tag === own)
}
