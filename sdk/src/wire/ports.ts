/** Function that a call goes out by: `fetch` of the platform, or one of yours. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * Sources of time, network and waiting. All have defaults; tests and unusual platforms pass their
 * own.
 */
export interface Ports {
  readonly fetch: Fetch
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Resolves after so many milliseconds; rejects with the signal's reason when that comes first. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** The platform's own, with what is given in their place. */
export function portsOf(given: Partial<Ports>): Ports {
  return {
    fetch: given.fetch ?? ((input, init) => fetch(input, init)),
    now: given.now ?? (() => Date.now()),
    sleep: given.sleep ?? sleep,
  }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const aborted = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }, ms)
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
