import { randomInt } from 'node:crypto'
import http2 from 'node:http2'
import tls from 'node:tls'
import { type Answer, send, type WireOptions } from '../wire.ts'
import type { Store } from './store.ts'

/** A version of HTTP in which callers reach a gateway. `h2`: with TLS; `h2c`: without, and known beforehand. */
export type Transport = 'HTTP/1.1' | 'h2c' | 'h2'

export const TRANSPORTS: readonly Transport[] = ['HTTP/1.1', 'h2c', 'h2']

/**
 * Form in which a body comes. `said`: with its length. `unsaid`: without, in chunks or frames.
 * `lied`: frames behind a length of 0. `empty`: there is none, and a length of 0 or an empty frame.
 */
export type BodyForm = 'none' | 'empty' | 'said' | 'unsaid' | 'lied'

export interface FramedOptions extends Omit<WireOptions, 'port'> {
  /** Default: as clients do, with the length of a body. */
  readonly framing?: BodyForm
}

/** Sends a request to the store's gateway in a version of HTTP, on a connection of its own. */
export function sendOver(
  transport: Transport,
  { identifier, ports }: Store,
  url: string,
  sending: FramedOptions = {},
): Promise<Answer> {
  if (transport === 'HTTP/1.1') return send(url, inChunks(sending))
  const [, h2c = 0, h2 = 0] = ports
  const at = transport === 'h2' ? `https://127.0.0.1:${h2}` : `http://127.0.0.1:${h2c}`
  return sendFrames(at, url, { ...sending, host: sending.host ?? new URL(identifier).host })
}

function inChunks({ framing, ...sending }: FramedOptions): WireOptions {
  const { headers = [] } = sending
  const chunked = ['Transfer-Encoding', 'chunked'] as const
  const none = ['Content-Length', '0'] as const
  if (framing === 'unsaid') return { ...sending, headers: [...headers, chunked] }
  if (framing === 'empty') return { ...sending, body: '', headers: [...headers, none] }
  return framing === 'none' ? { ...sending, body: '' } : sending
}

/** Limit of the time in which nothing comes, in ms. */
const PATIENCE_MS = 30_000

/** Certificates are not verified, and each context of its own would read all that are trusted. */
const UNVERIFIED = tls.createSecureContext({ ca: [] })

function sendFrames(
  at: string,
  url: string,
  { body, framing, headers = [], host = '', method = 'GET' }: FramedOptions,
): Promise<Answer> {
  const bytes = Buffer.from(framing === 'none' || framing === 'empty' ? '' : (body ?? ''))
  const length = framing === 'lied' ? 0 : bytes.length
  const isSaid = framing === undefined ? bytes.length > 0 || !/^(?:GET|HEAD)$/.test(method) : false
  const own = isSaid || framing === 'said' || framing === 'lied'
  const { origin } = new URL(url)
  const all = [
    ...[':method', method, ':scheme', new URL(at).protocol.slice(0, -1), ':authority', host],
    ...[':path', url.slice(origin.length) || '/'],
    ...headers.flatMap(([name, value]) => [name.toLowerCase(), value]),
    ...(own ? ['content-length', `${length}`] : []),
  ]
  return new Promise((resolve, reject) => {
    // Node has the last of them, and its types do not: a caller may send a header twice.
    const options = {
      rejectUnauthorized: false,
      strictSingleValueFields: false,
      secureContext: UNVERIFIED,
    }
    const session = http2.connect(at, options)
    session.on('error', reject)
    const stream = session.request(all, { endStream: framing === 'none' })
    const pieces: Buffer[] = []
    let head: http2.IncomingHttpHeaders | undefined
    let failed: Error | undefined
    stream.on('response', (got) => {
      head = got
    })
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    // What was answered counts, also where the rest of the body was no longer taken.
    stream.on('error', (error) => {
      failed = error
    })
    const finish = () => {
      session.destroy()
      if (!head) return reject(failed ?? new Error('socket hang up'))
      const text = Buffer.concat(pieces).toString('utf8')
      const { ':status': status = 0, ...others } = head
      resolve({
        status: Number(status),
        headers: others as Answer['headers'],
        text,
        body: objectOf(text),
      }) // as: without the pseudo-header
    }
    // The answer may be whole before the rest of the body was taken, and then the stream does not close by itself.
    stream.on('end', finish)
    stream.on('close', finish)
    stream.setTimeout(PATIENCE_MS, () => stream.destroy(new Error('socket hang up')))
    if (framing === 'none') return
    const cut = framing === 'unsaid' && bytes.length > 1 ? randomInt(1, bytes.length) : bytes.length
    if (cut > 0) stream.write(bytes.subarray(0, cut))
    stream.end(bytes.subarray(cut))
  })
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {} // any object
  } catch {
    return {}
  }
}
