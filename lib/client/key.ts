/** Makes a unique key of 128 random bits. Browsers have `randomUUID` only on pages that came over HTTPS. */
export function randomKey (): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}
