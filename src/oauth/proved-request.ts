import type { IncomingMessage } from 'node:http'

const PROVED = new WeakSet<IncomingMessage>()

/** The client of this request has authenticated in a way that the provider does not know: it is not asked again. */
export function markProved(request: IncomingMessage): void {
  PROVED.add(request)
}

export function isProved(request: IncomingMessage | undefined): boolean {
  return request !== undefined && PROVED.has(request)
}
