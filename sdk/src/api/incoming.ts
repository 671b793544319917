import { ApiRefusal } from './answer.ts'

/** A connection that the server ends itself, as Node has it. */
export interface Connection {
  readonly remoteAddress?: string | undefined
  /** Certificate that the client showed at its TLS connection. */
  getPeerCertificate?(): { readonly raw?: Uint8Array | undefined } | null
}

/** A request that reached an API, whatever framework it came through. */
export interface ApiRequest {
  readonly method: string
  /** Path and query exactly as they arrived. */
  readonly target: string
  /** The value of a header, lower-case name; several are joined by `, ` (RFC 9110 section 5.3). */
  header(name: string): string | undefined
  /** All of the body as bytes, at most so many. */
  bytes(most: number): Promise<Uint8Array>
  readonly ip?: string | undefined
  readonly connection?: Connection | undefined
}

const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=utf-8)?$/i
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The body as JSON text, or `undefined` when there is none.
 * @throws {ApiRefusal} `request.unsupported_media_type`, `input.too_large`, `input.malformed`
 */
export async function bodyText(incoming: ApiRequest, most: number): Promise<string | undefined> {
  const declared = Number(incoming.header('content-length') ?? 0)
  if (declared > most) throw tooLarge(most)
  const bytes = await incoming.bytes(most)
  if (bytes.byteLength > most) throw tooLarge(most)
  if (bytes.byteLength === 0) return undefined
  const encoding = incoming.header('content-encoding') ?? 'identity'
  if (!JSON_TYPE.test(incoming.header('content-type') ?? '') || encoding !== 'identity')
    throw new ApiRefusal(
      'request.unsupported_media_type',
      'only plain `application/json` is read here',
    )
  try {
    return UTF8.decode(bytes)
  } catch (cause) {
    throw new ApiRefusal('input.malformed', 'not UTF-8', { cause })
  }
}

/**
 * Bytes of a stream, no more than so many.
 * @throws {ApiRefusal} `input.too_large`
 */
export async function collect(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > most) throw tooLarge(most)
    parts.push(chunk)
  }
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.byteLength
  }
  return all
}

function tooLarge(most: number): ApiRefusal {
  return new ApiRefusal('input.too_large', `a body has at most ${most} bytes here`)
}
