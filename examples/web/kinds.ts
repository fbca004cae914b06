/** How entities are shown. There are more types of them than colours that people can tell apart. */
export type Kind = 'name' | 'time' | 'amount' | 'other'

export const kinds: Array<{ kind: Kind, label: string }> = [
  { kind: 'name', label: 'names' },
  { kind: 'time', label: 'times and dates' },
  { kind: 'amount', label: 'amounts' },
  { kind: 'other', label: 'other' }
]

export function kindOf (type: string): Kind {
  if (type === 'NAME') return 'name'
  if (['DATE', 'TIME', 'DURATION'].includes(type)) return 'time'
  if (['MONEY', 'PERCENT', 'CARDINAL', 'ORDINAL'].includes(type)) return 'amount'
  return 'other'
}
