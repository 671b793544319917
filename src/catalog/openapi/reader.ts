import { ExactNumber, type Json, type JsonObject } from '../../lib/json.ts'
import { ARGUMENT_LIMITS, type UntypedType } from '../argument.ts'

/** One operation being read: its document, what should be told, and how many fields it has come to. */
export class Reader {
  readonly document: JsonObject
  readonly notes: string[] = []
  #fields = 0

  constructor(document: JsonObject) {
    this.document = document
  }

  /** Something that an administrator should know about this operation. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text)
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
