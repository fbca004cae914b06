/** Whether the server can be reached, as told by the requests that are made anyway. */
export interface Connection {
  readonly isUp: boolean
  /** A `fetch` that notes how it went. */
  fetch (url: string, init: RequestInit): Promise<Response>
  /** Somebody else noticed that the server is away. */
  lose (): void
  /** Asks now. */
  check (): Promise<void>
}

export interface ConnectionOptions {
  /** What to ask for to learn whether the server works. */
  probeUrl: () => string
  onLost: () => void
  onBack: () => void
}

/** Between two questions whether the server is back, in ms. */
const PROBE_INTERVAL = 1_000

/** How long one may take, in ms. */
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

/** What proxies answer for a server that is away, and the server while its store is. */
function isAway (status: number): boolean {
  return [502, 503, 504].includes(status)
}
