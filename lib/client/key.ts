/** A key that nobody else has: 128 random bits. Not `randomUUID`, which browsers have only on pages that came over HTTPS. */
export function randomKey (): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}
