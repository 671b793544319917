import { ARGUMENT_LIMITS, type UntypedType } from '@remit/engine'
import { ExactNumber, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { badDocument } from './document.ts'

/**
 * Parts of schemas read, references followed: a few references that fan out must not become millions of parts. GitHub's API, with 1,200
 * operations, comes to 13,000.
 */
const MAX_OF_DOCUMENT = 400_000
const MAX_OF_OPERATION = 5_000

/** Budget of parts for reading one whole document. Each import has one. */
export class ParseBudget {
  #left = MAX_OF_DOCUMENT

  /** @throws Problem `catalog.bad_document` */
  spend(parts: number): void {
    this.#left -= parts
    if (this.#left < 0)
      throw badDocument(
        `its schemas unfold to more than ${MAX_OF_DOCUMENT} parts: they refer to each other too often`,
      )
  }
}

/** One operation being read: its document, what should be told, and how many fields it has come to. */
export class OperationReader {
  readonly document: JsonObject
  readonly notes: string[] = []
  /**
   * Values being read come as text, in a path, a query or a form: kinds are not told apart by how they
   * are written.
   */
  asText = false
  /** Values being read are parts of a multipart form: binary ones come as files. */
  takesFiles = false
  readonly #effort: ParseBudget
  #fields = 0
  #parts = 0

  constructor(document: JsonObject, effort = new ParseBudget()) {
    this.document = document
    this.#effort = effort
  }

  /** Something that an administrator should know about this operation. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text)
  }

  /**
   * Spends so many more parts of schemas; `false` when the operation unfolds to too many. Throws
   * like `ParseBudget.spend`.
   */
  spend(parts: number): boolean {
    this.#effort.spend(parts)
    this.#parts += parts
    return this.#parts <= MAX_OF_OPERATION
  }

  /** One more argument or member; `false` when there are too many of them. */
  count(): boolean {
    if (this.#fields++ < ARGUMENT_LIMITS.fields) return true
    this.note(
      `more than ${ARGUMENT_LIMITS.fields} fields: the rest is not known and will be refused`,
    )
    return false
  }
}

export function untyped(reason: string): UntypedType {
  return { kind: 'untyped', reason }
}

/** A count that a document gives, such as `maxLength`. */
export function wholeNumber(value: Json | undefined): number | undefined {
  if (!(value instanceof ExactNumber) || !/^[0-9]{1,9}$/.test(value.text)) return undefined
  return Number(value.text)
}

/** Names of arguments and record members: what can be written in a policy, a pointer and a sentence without surprise. */
export function isUsableName(name: string): boolean {
  return /^[A-Za-z$@_][A-Za-z0-9$@_.:[\]-]{0,127}$/.test(name) && !name.startsWith('__')
}
