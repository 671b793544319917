import { collect, type Incoming } from './incoming.ts'

/** A request of `node:http`, as far as it is needed. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** A response of `node:http`, as far as it is needed. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableFinished: boolean
  /** Nobody waits for it any more. */
  readonly destroyed: boolean
  setHeader(name: string, value: string): unknown
  end(body?: string): unknown
  once(event: 'close' | 'finish', listener: () => void): unknown
}

/** Everything but the body, which frameworks read in different ways. */
export function headOf(
  request: NodeRequest,
  about: { readonly target: string; readonly ip?: string | undefined },
): Omit<Incoming, 'bytes'> {
  return {
    method: request.method ?? '',
    target: about.target,
    header(name) {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    ip: about.ip,
  }
}

export function bytesOf(request: NodeRequest, most: number): Promise<Uint8Array> {
  return collect(request, most)
}

/** Calls back once, when the answer is out or nobody waits for it any more. */
export function whenEnded(
  response: NodeResponse,
  ended: (how: { readonly status?: number }) => void,
): void {
  let told = false
  const tell = () => {
    if (told) return
    told = true
    const answered = response.writableFinished || response.headersSent
    ended(answered ? { status: response.statusCode } : {})
  }
  response.once('finish', tell)
  response.once('close', tell)
}
