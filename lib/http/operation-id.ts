/** What the ids of a server's operations end in. */
const taken = new WeakMap<object, Set<string>>()

/**
 * Makes operation ids that are unique in a service: `submit` becomes `submitReport`. The job `report.a`, beside one
 * that is called `report-a`, has `submit_report.a`.
 */
export function createOperationId (server: object, jobName: string): (verb: string) => string {
  const endings = taken.get(server) ?? new Set<string>()
  taken.set(server, endings)
  let own = pascalCase(jobName)
  for (let count = 1; endings.has(own); count++) own = count === 1 ? `_${jobName}` : `_${jobName}_${count}`
  endings.add(own)
  return verb => verb + own
}

function pascalCase (name: string): string {
  return name.split(/[^A-Za-z0-9]+/).map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
