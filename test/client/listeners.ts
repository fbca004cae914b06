/** How many listeners were added to a signal and not removed. */
export function countListeners (signal: AbortSignal): () => number {
  let count = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => { count++; addEventListener.apply(signal, args) }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => { count--; removeEventListener.apply(signal, args) }
  return () => count
}
