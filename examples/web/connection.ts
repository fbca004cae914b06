/** Knows whether the server can be reached, by the requests that the page makes anyway. */
export interface Connection {
  readonly isUp: boolean
  /** A `fetch` that notes whether the server answered. */
  fetch (url: string, init: RequestInit): Promise<Response>
  /** Call it when something else shows that the server is away. */
  lose (): void
  /** Asks the server now. */
  check (): Promise<void>
}

export interface ConnectionOptions {
  /** The URL to request to learn whether the server works. */
  probeUrl: () => string
  onLost: () => void
  onBack: () => void
}

/** The time between two requests whether the server is back, in ms. */
const PROBE_INTERVAL = 1_000

/** How long such a request may take, in ms. */
const PROBE_TIMEOUT = 4_000

export function createConnection ({ probeUrl, onLost, onBack }: ConnectionOptions): Connection {
  let isUp = true

  const answers = async (): Promise<boolean> => {
    try {
      const { status } = await fetch(probeUrl(), { cache: 'no-store', signal: AbortSignal.timeout(PROBE_TIMEOUT) })
      return !isAway(status)
    } catch {
      return false
    }
  }

  const lose = (): void => {
    if (!isUp) return
    isUp = false
    onLost()
    const probe = async (): Promise<void> => {
      if (await answers()) {
        isUp = true
        onBack()
      } else {
        setTimeout(probe, PROBE_INTERVAL)
      }
    }
    setTimeout(probe, PROBE_INTERVAL)
  }

  return {
    get isUp () { return isUp },
    lose,
    async check () {
      if (!await answers()) lose()
    },
    async fetch (url, init) {
      try {
        const response = await fetch(url, init)
        if (isAway(response.status)) lose()
        return response
      } catch (error) {
        if (!init.signal?.aborted) lose()
        throw error
      }
    }
  }
}

/**
 * Whether the server is away. Proxies answer with such a status for a server that is away, and the server itself while
 * its store is.
 */
function isAway (status: number): boolean {
  return [502, 503, 504].includes(status)
}
