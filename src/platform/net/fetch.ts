import { type Dispatcher, request } from 'undici'
import { Problem } from '../lib/problem.ts'

export interface FetchInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: ConstructorParameters<typeof Response>[0]
  readonly signal?: AbortSignal | null | undefined
}

export interface FetchLimits {
  /** Maximum bytes of the answer's body. */
  readonly maxBytes?: number
  /** Time limit of the whole exchange: name, connection, headers and body. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Headers of a request for a document, such as a credential. */
  readonly headers?: Readonly<Record<string, string>>
}

const MAX_BYTES = 256 * 1024
const TIMEOUT_MS = 5_000
/** Statuses whose answer has no body (Fetch, "null body status"). */
const NULL_BODY = new Set([204, 205, 304])

/** Runs one whole exchange, without redirects. See `Outbound.fetch` for limits and problems. */
export async function boundedFetch(
  dispatcher: Dispatcher,
  url: string,
  init: FetchInit = {},
  limits: FetchLimits = {},
): Promise<Response> {
  const target = checkedUrl(url)
  const deadline = AbortSignal.timeout(limits.timeoutMs ?? TIMEOUT_MS)
  const signal = init.signal ? AbortSignal.any([deadline, init.signal]) : deadline
  try {
    const answer = await request(target, {
      dispatcher,
      method: init.method ?? 'GET',
      headers: { ...init.headers },
      body: init.body == null ? null : await new Response(init.body).bytes(),
      signal,
    })
    const body = await readWhole(answer.body, limits.maxBytes ?? MAX_BYTES, target.origin)
    const status = answer.statusCode
    return new Response(NULL_BODY.has(status) ? null : body, { status, headers: headersOf(answer) })
  } catch (error) {
    if (error instanceof Problem) throw error
    if (deadline.aborted) {
      throw new Problem('outbound.timed_out', `${target.origin} did not answer in time`, {
        cause: error,
      })
    }
    throw new Problem('outbound.unreachable', `${target.origin} could not be reached`, {
      cause: error,
    })
  }
}

/** Credentials in a URL end up in logs, and a fragment is never sent: both mean the URL is not what it seems. */
function checkedUrl(text: string): URL {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Problem('outbound.refused', 'not an absolute http or https URL')
  }
  if (url.username || url.password || url.hash) {
    throw new Problem('outbound.refused', 'the URL has credentials or a fragment')
  }
  return url
}

async function readWhole(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
  maxBytes: number,
  origin: string,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    // leaving the loop destroys the body, and with it the connection
    if (size > maxBytes) {
      throw new Problem('outbound.too_large', `the answer of ${origin} exceeds ${maxBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function headersOf(answer: Dispatcher.ResponseData): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const line of Array.isArray(value) ? value : [value ?? '']) headers.append(name, line)
  }
  return headers
}
