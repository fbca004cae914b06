/** For each server, the endings of its operation ids. */
const taken = new WeakMap<object, Set<string>>()

/**
 * Makes operation ids that are unique in a service: `submit` becomes `submitReportA` for the job `report-a`. If another
 * job has this ending already, the id ends with the name of the job instead: `submit_report.a`. If that is taken too, a
 * number follows.
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
