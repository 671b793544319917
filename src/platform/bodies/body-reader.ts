import { createHash } from 'node:crypto'
import { TextDecoder } from 'node:util'
import { ExactNumber, type Json } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { isAmong, plainMediaType } from './media-type.ts'

/** A reader of a body that comes in pieces. It keeps the values that are decided on, and no content of files. */
export interface BodyReader {
  /** @throws Problem `input.malformed`, `input.too_large` */
  push(chunk: Buffer): void
  /** Answers what the body says, once all of it was pushed. @throws Problem `input.malformed` */
  end(): Json
}

/** Number of bytes and their SHA-256. */
export class Digest {
  readonly #hash = createHash('sha256')
  #size = 0

  push(chunk: Buffer): void {
    this.#hash.update(chunk)
    this.#size += chunk.length
  }

  /** Members `size` and `sha256` (hexadecimal, as programs print it) of an argument that stands for bytes. */
  end(): readonly (readonly [string, Json])[] {
    return [
      ['size', new ExactNumber(`${this.#size}`)],
      ['sha256', this.#hash.digest('hex')],
    ]
  }
}

/** Characters of a text that are an argument themselves; of a longer text there is the digest alone. */
const MAX_TEXT = 65_536

/** Reads a text or binary body as one argument: `media_type`, `size`, `sha256`, and `text` where it is a short text. */
export class BytesReader implements BodyReader {
  readonly #mediaType: string
  readonly #digest = new Digest()
  readonly #decoder: TextDecoder | undefined
  #text = ''

  /** @throws Problem `request.unsupported_media_type` */
  constructor(contentType: string, accepted: readonly string[]) {
    const type = plainMediaType(contentType)
    if (type === undefined || !isAmong(type, accepted))
      throw new Problem(
        'request.unsupported_media_type',
        `this operation takes ${accepted.map((each) => `\`${each}\``).join(', ')}`,
      )
    this.#mediaType = type
    if (type.startsWith('text/'))
      this.#decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  }

  push(chunk: Buffer): void {
    this.#digest.push(chunk)
    this.#decode(chunk)
  }

  end(): Json {
    this.#decode()
    const isShort = this.#decoder && this.#text.length <= MAX_TEXT
    return new Map<string, Json>([
      ['media_type', this.#mediaType],
      ...this.#digest.end(),
      ...(isShort ? [['text', this.#text] as const] : []),
    ])
  }

  #decode(chunk?: Buffer): void {
    if (!this.#decoder) return
    try {
      const text = this.#decoder.decode(chunk, { stream: chunk !== undefined })
      if (this.#text.length <= MAX_TEXT) this.#text += text
    } catch (error) {
      throw new Problem('input.malformed', 'the text is not UTF-8', { cause: error })
    }
  }
}
