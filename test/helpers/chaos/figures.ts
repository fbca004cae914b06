import type { Outcome } from './run.js'

/** What a run has shown, for people. */
export function figuresOf ({ ledger, requests, faults, logged, repeated }: Outcome): string {
  const ends = [...ledger.entries.values()].map(({ ends: [end] }) => end?.job.status ?? 'not final')
  const lines = [
    `jobs acknowledged: ${ledger.entries.size} (${list(counted(ends))})`,
    `attempts begun anew: ${repeated}`,
    `faults made: ${faults.length} (${list(counted(faults.map(({ kind }) => kind)))})`,
    `requests by status: ${list(requests.statuses)}`,
    `slowest answer: ${requests.slowest.ms} ms (${requests.slowest.what})`,
    'logged:',
    ...[...logged].sort(([, a], [, b]) => b - a).slice(0, 20).map(([text, count]) => `  ${count} x ${text}`),
    `faults found: ${ledger.faults.length}`,
    ...ledger.faults.slice(0, 20).map(fault => `  ${fault}`)
  ]
  return lines.join('\n')
}

function counted (items: string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}

function list (counts: Map<string, number>): string {
  return [...counts].sort(([a], [b]) => a < b ? -1 : 1).map(([name, count]) => `${name} ${count}`).join(', ')
}
