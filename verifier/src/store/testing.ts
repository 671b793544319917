import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** Answer instead of the right one. */
export type Fault = (request: IncomingMessage, answer: ServerResponse) => void

/** Stand-in for a store. It checks no signature. */
export interface ScriptedStore {
  readonly origin: string
  /** Files by path, with the bucket. */
  readonly files: Map<string, Uint8Array>
  /** Paths that were asked for, and the headers of each request. */
  readonly asked: string[]
  readonly headers: IncomingHttpHeaders[]
  /** Faults of the next requests, in their order. */
  readonly faults: Fault[]
}

export async function scriptedStore(t: Pick<TestContext, 'after'>): Promise<ScriptedStore> {
  const files = new Map<string, Uint8Array>()
  const asked: string[] = []
  const headers: IncomingHttpHeaders[] = []
  const faults: Fault[] = []
  const server = createServer((request, answer) => {
    const { url = '' } = request
    asked.push(url)
    headers.push(request.headers)
    const fault = faults.shift()
    if (fault) return fault(request, answer)
    const file = files.get(url)
    return file ? void answer.end(file) : refusing(404, 'NoSuchKey')(request, answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // as: it listens on TCP
  return { origin: `http://127.0.0.1:${port}`, files, asked, headers, faults }
}

/** Answers as a store refuses. */
export function refusing(status: number, code: string): Fault {
  return (_request, answer) => {
    answer.statusCode = status
    answer.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>canary</Message></Error>`)
  }
}
