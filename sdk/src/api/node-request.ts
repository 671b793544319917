import { type ApiRequest, type Connection, collect } from './incoming.ts'

export type { WritableResponse as NodeResponse } from './answers/node-answer.ts'

/** A request of `node:http`, as far as it is needed. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly socket?: Connection | undefined
}

/** Reads all but the body, which frameworks read in different ways. */
export function headOf(
  request: NodeRequest,
  about: { readonly target: string; readonly ip?: string | undefined },
): Omit<ApiRequest, 'bytes'> {
  return {
    method: request.method ?? '',
    target: about.target,
    header(name) {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    ip: about.ip,
    connection: request.socket,
  }
}

export function bytesOf(request: NodeRequest, most: number): Promise<Uint8Array> {
  return collect(request, most)
}
