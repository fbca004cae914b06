/**
 * The rights that a Redis user needs, as rules of `ACL SETUSER`. On a Redis Cluster it also needs `CLUSTER_RIGHTS`. The
 * documentation shows these rules, and tests run with exactly them.
 */
export const RIGHTS = '~bull:* +@read +@write +@scripting +@connection +@transaction -@dangerous +info +time'

/** The rights that a Redis user needs in addition on a Redis Cluster. */
export const CLUSTER_RIGHTS = '~{bull}:* +cluster|slots +cluster|info +cluster|nodes +readonly'

/**
 * The errors with which stores refuse commands until somebody acts, and the action that helps. The expressions match
 * the error's message or its code.
 */
const REMEDIES: ReadonlyArray<[said: RegExp, remedy: string]> = [
  [/^(?:WRONGPASS|NOAUTH) |^ERR invalid password|^ERR (?:AUTH|Client sent AUTH)/, 'Check the user name and the password of the connection'],
  [/^NOPERM |-NOPERM |The user executing the script can't run this command|ACL failure in script/, `Grant its Redis user what it needs: ACL SETUSER <user> ${RIGHTS} (on a Redis Cluster also ${CLUSTER_RIGHTS})`],
  [/^Redis \S+ is too old/, 'Use Redis 6.2 or later, or Valkey'],
  [/^28(?:000|P01)$/, 'Check the user name and the password of the connection'],
  [/^42501$/, 'Grant its PostgreSQL role what docs/postgresql.md lists']
]

/** The action that helps against an error of a store. Undefined if the error may pass by itself. */
export function remedyFor (error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error ? String(error.code) : ''
  return REMEDIES.find(([said]) => said.test(error.message) || said.test(code))?.[1]
}

/** Makes a log line about an error. It ends with the action that helps, if one is known. */
export function withRemedy (line: string, error: unknown): string {
  const remedy = remedyFor(error)
  return remedy === undefined ? line : `${line}. ${remedy}`
}
