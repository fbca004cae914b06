/**
 * What a Redis user must be allowed, as rules of `ACL SETUSER`; a Redis Cluster needs `CLUSTER_RIGHTS`, too. The
 * documentation has them, and tests run with exactly these.
 */
export const RIGHTS = '~bull:* +@read +@write +@scripting +@connection +@transaction -@dangerous +info +time'

/** Beside `RIGHTS`, on a Redis Cluster. */
export const CLUSTER_RIGHTS = '~{bull}:* +cluster|slots +cluster|info +cluster|nodes +readonly'

/** What stores refuse until somebody does something, and what that is. By the error's message, or its code. */
const REMEDIES: ReadonlyArray<[said: RegExp, remedy: string]> = [
  [/^(?:WRONGPASS|NOAUTH) |^ERR invalid password|^ERR (?:AUTH|Client sent AUTH)/, 'Check the user name and the password of the connection'],
  [/^NOPERM |-NOPERM |The user executing the script can't run this command|ACL failure in script/, `Grant its Redis user what it needs: ACL SETUSER <user> ${RIGHTS} (on a Redis Cluster also ${CLUSTER_RIGHTS})`],
  [/^Redis \S+ is too old/, 'Use Redis 6.2 or later, or Valkey'],
  [/^28(?:000|P01)$/, 'Check the user name and the password of the connection'],
  [/^42501$/, 'Grant its PostgreSQL role what docs/postgresql.md lists']
]

/** What helps against what a store refuses; undefined where it may pass by itself. */
export function remedyFor (error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error ? String(error.code) : ''
  return REMEDIES.find(([said]) => said.test(error.message) || said.test(code))?.[1]
}

/** A line of the log about an error: it ends with what to do, where that is known. */
export function withRemedy (line: string, error: unknown): string {
  const remedy = remedyFor(error)
  return remedy === undefined ? line : `${line}. ${remedy}`
}
