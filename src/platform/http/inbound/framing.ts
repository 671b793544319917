import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

const doubted = new WeakSet<Socket>()

/**
 * Marks the connection of a request whose end is as doubtful as its content: no later bytes on it
 * are taken for a request.
 */
export function doubt({ socket }: IncomingMessage): void {
  doubted.add(socket)
}

export function isDoubted({ socket }: IncomingMessage): boolean {
  return doubted.has(socket)
}

/** Headers of one request: every value of a name, in order. */
export interface HeaderValues {
  all(name: string): readonly string[]
}

/**
 * Headers that decide how a request is read, and must not come twice. Of two values one server
 * takes the first, and another the last.
 */
const ONCE = [
  'host',
  'authorization',
  'content-type',
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'expect',
  'origin',
] as const

/**
 * Fault in how a request is framed; `undefined` when there is none. INVARIANT: one rule for all
 * origins, so that no two servers that stand in one another's place end a body at different bytes
 * (RFC 9112 sections 6.1 and 11.2).
 */
export function framingFault(headers: HeaderValues): string | undefined {
  const twice = ONCE.find((name) => headers.all(name).length > 1)
  if (twice) return `header \`${twice}\` came twice`
  const one = (name: (typeof ONCE)[number]) => headers.all(name)[0]
  const transfer = one('transfer-encoding')
  if (transfer !== undefined && transfer !== 'chunked')
    return 'transfer-encoding may only be `chunked`'
  if (transfer !== undefined && one('content-length') !== undefined)
    return 'content-length beside transfer-encoding'
  const expect = one('expect')
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return 'unknown expectation'
  const encoding = one('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') return 'content-encoding is not accepted'
  return undefined
}

/** `rawHeaders` as Node has them: name and value in turns, of which few are looked at. */
export function rawValues(rawHeaders: readonly string[]): HeaderValues {
  const found = new Map<string, string[]>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (!LOOKED_AT.has(name)) continue
    const values = found.get(name)
    if (values) values.push(rawHeaders[i + 1] ?? '')
    else found.set(name, [rawHeaders[i + 1] ?? ''])
  }
  return { all: (name) => found.get(name) ?? NONE }
}

const LOOKED_AT: ReadonlySet<string> = new Set(ONCE)
const NONE: readonly string[] = []
