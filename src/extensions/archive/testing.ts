import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type Clock, manualClock } from '../../platform/lib/clock.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { S3Store } from './places/s3-store.ts'

/** Answer instead of the right one; undefined: the right one. */
export type Fault = ((request: IncomingMessage, answer: ServerResponse) => void) | undefined

/** Stand-in for a store, for what real ones do rarely. It checks no signature; test/interop/archive asks a real one. */
export interface ScriptedStore {
  readonly endpoint: string
  /** Files by path, with the bucket. */
  readonly files: Map<string, Uint8Array>
  /** Paths of files that got other bytes than they had. */
  readonly replaced: string[]
  /** Methods and paths of the requests. */
  readonly asked: string[]
  /** Faults of the next requests, in their order. */
  readonly faults: Fault[]
  /** Way in which it takes `If-None-Match`. */
  conditions: 'known' | 'ignored' | 'refused'
}

export async function scriptedStore(t: Pick<TestContext, 'after'>): Promise<ScriptedStore> {
  const server = createServer(async (request, answer) => {
    const { method = '', url = '' } = request
    store.asked.push(`${method} ${url}`)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const fault = store.faults.shift()
    if (fault) return fault(request, answer)
    const before = store.files.get(url)
    if (method === 'GET')
      return before ? void answer.end(before) : refusing(404, 'NoSuchKey')(request, answer)
    if (request.headers['if-none-match'] === '*') {
      if (store.conditions === 'refused') return refusing(501, 'NotImplemented')(request, answer)
      if (before && store.conditions === 'known')
        return refusing(412, 'PreconditionFailed')(request, answer)
    }
    const body = Buffer.concat(chunks)
    if (before && !body.equals(before)) store.replaced.push(url)
    store.files.set(url, body)
    answer.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // as: it listens on TCP
  const endpoint = `http://127.0.0.1:${port}`
  const store: ScriptedStore = {
    ...{ endpoint, files: new Map(), replaced: [], asked: [], faults: [], conditions: 'known' },
  }
  return store
}

/** Answers as a store refuses. */
export function refusing(status: number, code: string): NonNullable<Fault> {
  return (_request, answer) => {
    answer.statusCode = status
    answer.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`)
  }
}

/** Opens a place in such a store. Pauses take no time, and are noted in `pauses`. */
export function placeIn(
  t: Pick<TestContext, 'after'>,
  { endpoint }: Pick<ScriptedStore, 'endpoint'>,
  { clock = manualClock(), ...more }: { readonly clock?: Clock; readonly patienceMs?: number } = {},
): { readonly store: S3Store; readonly pauses: number[] } {
  const pauses: number[] = []
  const store = S3Store.open({
    ...{ endpoint, isInHost: false, region: 'us-east-1', clock, ...more },
    place: { bucket: 'records', prefix: 'remit' },
    key: { id: 'AKIDEXAMPLE', secret: new Secret('a-secret-canary-8Kx') },
    wait: async (ms) => void pauses.push(ms),
  })
  t.after(() => store.close())
  return { store, pauses }
}
