/** Who does not wait for what a run tells must not end the sandbox by its refusal. */
export function heard<Told> (told: Promise<Told>): Promise<Told> {
  told.catch(() => {})
  return told
}
