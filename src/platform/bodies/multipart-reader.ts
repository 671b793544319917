import { isUtf8 } from 'node:buffer'
import type { Json } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { type BodyReader, Digest } from './body-reader.ts'
import { boundaryOf } from './media-type.ts'
import { MAX_PART_HEAD, type PartHead, readPartHead } from './part-head.ts'

const CRLF = '\r\n'
const MAX_PARTS = 1_000

/**
 * Reads `multipart/form-data` (RFC 7578) as pairs of name and value in their order; a file is an object with `filename`, `media_type`,
 * `size` and `sha256`. INVARIANT: whatever two readers of the format could read differently is refused, so the bytes can be sent on
 * as they came.
 */
export class MultipartReader implements BodyReader {
  readonly #delimiter: Buffer
  readonly #mostText: number
  readonly #parts: Json[] = []
  readonly #kinds = new Map<string, 'field' | 'file'>()
  #pending: Buffer = Buffer.alloc(0)
  #at: 'start' | 'head' | 'content' | 'end' = 'start'
  #part: { readonly head: PartHead; readonly digest: Digest; readonly text: Buffer[] } | undefined
  #textSize = 0

  /** `mostText`: bytes of all fields together. @throws Problem `request.unsupported_media_type` */
  constructor(contentType: string, mostText: number) {
    this.#delimiter = Buffer.from(`--${boundaryOf(contentType)}`)
    this.#mostText = mostText
  }

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (this.#step()) {}
  }

  end(): Json {
    const rest = this.#pending.toString('latin1')
    if (this.#at !== 'end' || (rest !== '' && rest !== CRLF)) throw doubtful('it does not end')
    return this.#parts
  }

  /** Answers whether there may be more to read in the pending bytes. */
  #step(): boolean {
    if (this.#at === 'start') return this.#readStart()
    if (this.#at === 'head') return this.#readHead()
    if (this.#at === 'content') return this.#readContent()
    if (this.#pending.length > CRLF.length) throw doubtful('something stands behind its end')
    return false
  }

  #readStart(): boolean {
    if (this.#pending.length < this.#delimiter.length + CRLF.length) return false
    if (this.#pending.indexOf(this.#delimiter) !== 0) throw doubtful('it begins with no boundary')
    return this.#passDelimiter(0)
  }

  /** Reads what follows a delimiter: the next part, or the end. */
  #passDelimiter(at: number): boolean {
    const behind = at + this.#delimiter.length
    const next = this.#pending.toString('latin1', behind, behind + CRLF.length)
    if (next.length < CRLF.length) return false
    if (next !== CRLF && (next !== '--' || this.#at === 'start'))
      throw doubtful('a boundary is followed by something else')
    this.#endPart(this.#pending.subarray(0, at))
    this.#pending = this.#pending.subarray(behind + CRLF.length)
    this.#at = next === CRLF ? 'head' : 'end'
    return true
  }

  #readHead(): boolean {
    const end = this.#pending.subarray(0, MAX_PART_HEAD).indexOf(CRLF + CRLF)
    if (end < 0 && this.#pending.length < MAX_PART_HEAD) return false
    const head = end < 0 ? undefined : readPartHead(this.#pending.toString('latin1', 0, end))
    if (!head) throw doubtful('the head of a part has more than one reading')
    if (this.#parts.length >= MAX_PARTS)
      throw new Problem('input.too_large', `a form has at most ${MAX_PARTS} parts`)
    const kind = head.file ? 'file' : 'field'
    if ((this.#kinds.get(head.name) ?? kind) !== kind)
      throw doubtful('a field and a file have one name')
    this.#kinds.set(head.name, kind)
    this.#part = { head, digest: new Digest(), text: [] }
    // Its last line break may be the one in front of the next delimiter only if the content has one of its own.
    this.#pending = this.#pending.subarray(end + 2 * CRLF.length)
    this.#at = 'content'
    return true
  }

  #readContent(): boolean {
    const at = this.#pending.indexOf(this.#delimiter)
    if (at >= 0) return this.#passDelimiter(at)
    const kept = this.#delimiter.length + CRLF.length
    const sure = this.#pending.length - kept
    if (sure <= 0) return false
    this.#add(this.#pending.subarray(0, sure))
    this.#pending = this.#pending.subarray(sure)
    return false
  }

  #add(bytes: Buffer): void {
    if (!this.#part) return
    if (this.#part.head.file) {
      this.#part.digest.push(bytes)
      return
    }
    this.#textSize += bytes.length
    if (this.#textSize > this.#mostText)
      throw new Problem(
        'input.too_large',
        `fields are at most ${this.#mostText} bytes together, without files`,
      )
    this.#part.text.push(Buffer.from(bytes))
  }

  #endPart(rest: Buffer): void {
    if (!this.#part) return
    if (rest.toString('latin1', rest.length - CRLF.length) !== CRLF)
      throw doubtful('its boundary stands within content')
    this.#add(rest.subarray(0, rest.length - CRLF.length))
    const { digest, head, text } = this.#part
    this.#part = undefined
    const { file, name } = head
    this.#parts.push([name, file ? describe(file, digest) : decodeField(text)])
  }
}

function describe(file: NonNullable<PartHead['file']>, digest: Digest): Json {
  return new Map<string, Json>([
    ['filename', file.filename],
    ['media_type', file.mediaType],
    ...digest.end(),
  ])
}

function decodeField(parts: readonly Buffer[]): string {
  const bytes = Buffer.concat(parts)
  if (!isUtf8(bytes)) throw doubtful('a field is not UTF-8')
  return bytes.toString('utf8')
}

function doubtful(why: string): Problem {
  return new Problem('input.malformed', `the form can be read in more than one way: ${why}`)
}
