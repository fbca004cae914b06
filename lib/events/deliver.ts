/** How long a client may take to read what was sent, in ms, before its connection is closed. */
const PATIENCE = 15_000

/**
 * Waits until something that was sent has left the process. Whoever sends only then keeps no more in memory
 * than one event for a client that reads slowly, or not at all.
 * @param leaving may never settle where the client went away
 * @returns `gone` where the signal aborted first, `stuck` where the client does not read
 */
export async function deliver (leaving: Promise<void>, gone: AbortSignal): Promise<'sent' | 'gone' | 'stuck'> {
  // First of all: its failure is expected, and must find a handler.
  const sent = leaving.then(() => 'sent' as const, () => 'gone' as const)
  if (gone.aborted) return 'gone'
  return await new Promise(resolve => {
    const settle = (outcome: 'sent' | 'gone' | 'stuck'): void => {
      gone.removeEventListener('abort', onAbort)
      clearTimeout(timer)
      resolve(outcome)
    }
    const onAbort = (): void => { settle('gone') }
    const timer = setTimeout(() => { settle('stuck') }, PATIENCE)
    gone.addEventListener('abort', onAbort)
    void sent.then(settle)
  })
}
