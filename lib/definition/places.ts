/** The places to which each option belongs, by its name. Errors name them if an option is passed elsewhere. */
const places = new Map<string, Set<string>>()

/** Registers the place to which options belong. In `place`, `*` stands for the name of the option. */
export function placeOptions (names: readonly string[], place: string): void {
  for (const name of names) places.set(name, (places.get(name) ?? new Set()).add(place.replaceAll('*', name)))
}

/** Returns the places of an option as a text, or undefined if there is no such option. */
export function placeOf (name: string): string | undefined {
  const known = places.get(name)
  return known && [...known].join(', ')
}
