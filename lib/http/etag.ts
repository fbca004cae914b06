import { hash } from 'node:crypto'
import type { Job } from '../../types/job.js'

/**
 * The `ETag` of a job: another one whenever something has changed that clients are told. Weak, because the bytes
 * change with time alone: `pollAfterMs` grows with the age of the job. The links follow from its address.
 */
export function etagOf ({ pollAfterMs, links, ...job }: Job): string {
  return `W/"${hash('sha256', JSON.stringify(job), 'base64url').slice(0, 16)}"`
}

/** Tags as they come back. Servers that compress on the way add to them: `-gzip`, `--br`. */
const TAGS = /"([^"]*?)(?:-{1,2}(?:gzip|br|deflate|zstd))?"/g

/** Whether a client knows what a tag stands for, by its `If-None-Match` (RFC 9110, section 13.1.2): compared weakly, as this one is. */
export function isKnown (ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true
  const [, own] = /"(.*)"/.exec(etag) as unknown as [string, string]
  return [...ifNoneMatch.matchAll(TAGS)].some(([, tag]) => tag === own)
}
