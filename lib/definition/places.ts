/** Where each option belongs, for whoever gives it elsewhere. */
const places = new Map<string, Set<string>>()

/** Tells where options belong. `*` stands for the name. */
export function placeOptions (names: readonly string[], place: string): void {
  for (const name of names) places.set(name, (places.get(name) ?? new Set()).add(place.replaceAll('*', name)))
}

/** Where an option belongs, in words; undefined where there is none of that name. */
export function placeOf (name: string): string | undefined {
  const known = places.get(name)
  return known && [...known].join(', ')
}
