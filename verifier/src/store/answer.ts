import { once } from 'node:events'
import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'

/** Answer to one try. */
export interface Answer {
  /** Status; 0: there was no answer. */
  readonly status: number
  /** Code of S3, such as `NoSuchKey`; empty where the answer has none. */
  readonly code: string
  /** File that was asked for; only with status 200. */
  readonly body?: Uint8Array
  readonly failure?: 'distrusted' | 'no_answer' | 'timed_out' | 'too_large'
}

/** Most bytes of a file: 256 records of 65,535 bytes that cannot be packed, and a little. */
const MAX_BYTES = 17 * 1_048_576
/** Most bytes of a refusal. */
const MAX_REFUSAL_BYTES = 65_536

/**
 * Asks once. INVARIANT: it ends in time, however slowly the bytes come; it reads no more than a file can have; it follows no
 * redirect, which could lead a signed request or the reader of a private archive anywhere; and it unpacks nothing, because
 * digests are of the bytes as they are stored.
 */
export async function answerOf(
  url: URL,
  headers: Readonly<Record<string, string>>,
  patienceMs: number,
): Promise<Answer> {
  const signal = AbortSignal.timeout(patienceMs)
  const get = url.protocol === 'https:' ? getSecure : getPlain
  const request = get(url, {
    headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'remit-verify' },
    signal,
  })
  // What is told after the answer began comes from the answer, too.
  request.on('error', () => {})
  try {
    const [response]: IncomingMessage[] = await once(request, 'response')
    if (!response) return { status: 0, code: '', failure: 'no_answer' }
    const { statusCode: status = 0 } = response
    const isFile = status === 200
    const bytes = await bytesOf(response, isFile ? MAX_BYTES : MAX_REFUSAL_BYTES)
    if (!isFile) return { status, code: codeIn(bytes) }
    return bytes ? { status, code: '', body: bytes } : { status, code: '', failure: 'too_large' }
  } catch (error) {
    const distrusted = isOfCertificate(error) ? 'distrusted' : 'no_answer'
    return { status: 0, code: '', failure: signal.aborted ? 'timed_out' : distrusted }
  } finally {
    // Does nothing after a whole answer, whose connection is used again.
    request.destroy()
  }
}

/** Codes of OpenSSL, such as `CERT_HAS_EXPIRED` and `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`. */
function isOfCertificate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /CERT|LEAF_SIGNATURE/.test(String(error.code))
}

/** Reads it whole; `undefined`: there are more bytes than that. */
async function bytesOf(response: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.byteLength
    if (size > most) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Reads the code of a refusal of S3. INVARIANT: nothing else of it is repeated anywhere. */
function codeIn(bytes: Uint8Array | undefined): string {
  const text = Buffer.from(bytes ?? []).toString('utf8')
  return /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text)?.[1] ?? ''
}
