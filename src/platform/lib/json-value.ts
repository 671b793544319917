const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/** Checks whether a text is a JSON number (RFC 8259 section 6), all of it. */
function isNumberText(text: string): boolean {
  return NUMBER.test(text)
}

/** A number as it was written. Never passes through a JavaScript number. */
export class ExactNumber {
  readonly text: string
  /** @throws TypeError when the text is not a JSON number (RFC 8259 section 6). */
  constructor(text: string) {
    if (!isNumberText(text)) throw new TypeError('not a JSON number')
    this.text = text
  }
}

export type Json =
  | null
  | boolean
  | string
  | ExactNumber
  | readonly Json[]
  | ReadonlyMap<string, Json>

/** A JSON object: member order kept, names once. */
export type JsonObject = ReadonlyMap<string, Json>
