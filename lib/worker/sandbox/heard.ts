/** Keeps a rejection from ending the sandbox if nobody awaits the promise: a processor need not await its reports. */
export function heard<Told> (told: Promise<Told>): Promise<Told> {
  told.catch(() => {})
  return told
}
