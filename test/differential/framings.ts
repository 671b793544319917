import fc from 'fast-check'

/**
 * FramingPlan of a body in HTTP/1.1. `sized`: by its length. `chunked`: in chunks. `trailers`: in chunks with fields behind them.
 * `short`: with a greater length. `long`: with a smaller one. `silent`: without any. The others are wrong.
 */
const FRAMINGS = [
  ...['sized', 'chunked', 'trailers', 'short', 'long', 'silent'],
  ...['both', 'twice', 'coded', 'odd-size', 'unended'],
] as const

export interface FramingPlan {
  readonly how: (typeof FRAMINGS)[number]
  /** Places at which the body is cut into chunks. */
  readonly chunks: readonly number[]
  /** Places at which all that is sent is cut into packets; none: head and body come in one. */
  readonly packets: readonly number[]
  /** Fields or extensions of chunks, where the framing has some. */
  readonly extra: string
}

const cuts = fc.array(fc.nat(200_000), { maxLength: 4 })
const EXTRAS = [
  '',
  'X-Trailer: a',
  'Content-Length: 0',
  'Authorization: DPoP x',
  'Idempotency-Key: b',
  'Txn-Token: c',
]

export const framings: fc.Arbitrary<FramingPlan> = fc.record({
  how: fc.oneof(
    { weight: 8, arbitrary: fc.constant('sized' as const) },
    { weight: 8, arbitrary: fc.constant('chunked' as const) },
    { weight: 4, arbitrary: fc.constantFrom(...FRAMINGS) },
  ),
  chunks: cuts,
  packets: fc.oneof(fc.constant([]), cuts),
  extra: fc.constantFrom(...EXTRAS),
})

/** Packets of a request, and the body that its framing has; `undefined`: no server may take it for whole. */
export interface FramedRequest {
  readonly packets: readonly Buffer[]
  readonly body: Buffer | undefined
}

/** Frames a body behind the lines of a head. */
export function framed(
  lines: readonly string[],
  body: Buffer,
  framing: FramingPlan,
): FramedRequest {
  const { chunks, extra, how, packets } = framing
  const sized = (length: number) => `Content-Length: ${length}`
  const all = chunked(cut(body, chunks))
  const form = (headers: readonly string[], bytes: Buffer, has: Buffer | undefined) => {
    const head = Buffer.from(`${[...lines, ...headers].join('\r\n')}\r\n\r\n`)
    return { packets: cut(Buffer.concat([head, bytes]), packets), body: has }
  }
  const end = (fields: string) => Buffer.from(`0\r\n${fields}\r\n`)
  const less = Math.min(body.length, 1 + ((chunks[0] ?? 0) % (body.length + 1)))
  switch (how) {
    case 'sized':
      return form([sized(body.length)], body, body)
    case 'chunked':
      return form([CHUNKED], Buffer.concat([all, end('')]), body)
    case 'trailers':
      return form([CHUNKED], Buffer.concat([all, end(extra && `${extra}\r\n`)]), body)
    case 'short':
      return form([sized(body.length + 1)], body, undefined)
    case 'long':
      return form([sized(body.length - less)], body, body.subarray(0, body.length - less))
    case 'silent':
      return form([], body, Buffer.alloc(0))
    case 'both':
      return form([CHUNKED, sized(body.length)], Buffer.concat([all, end('')]), undefined)
    case 'twice':
      return form([sized(body.length), sized(body.length + less)], body, undefined)
    case 'coded':
      return form(['Transfer-Encoding: gzip, chunked'], Buffer.concat([all, end('')]), undefined)
    case 'odd-size':
      return form([CHUNKED], Buffer.concat([all, Buffer.from('+1\r\nx\r\n'), end('')]), undefined)
    case 'unended':
      return form([CHUNKED], all, undefined)
  }
}

const CHUNKED = 'Transfer-Encoding: chunked'

function chunked(pieces: readonly Buffer[]): Buffer {
  const line = (length: number) => Buffer.from(`${length.toString(16)}\r\n`)
  return Buffer.concat(pieces.flatMap((each) => [line(each.length), each, Buffer.from('\r\n')]))
}

/** Cuts bytes at places, modulo their number. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((each) => each % (bytes.length + 1)), bytes.length]
  ends.sort((a, b) => a - b)
  return ends
    .map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
    .filter(({ length }) => length > 0)
}
