import { readPlainJson } from './read-plain-json.ts'

export interface LargeBody {
  readonly bytes: Uint8Array
  readonly most: number
  /** Members of the body that may be large, and that their reader can read from a text: an object there is written out again. */
  readonly texts: readonly string[]
}

/** Body without those members, as JSON, and the texts of the members. */
export interface ReadBody {
  readonly rest: string
  readonly texts: Readonly<Record<string, string>>
}

/** Reads a large body and takes the members out that are to stay texts. */
export function splitJson({ bytes, most, texts: names }: LargeBody): ReadBody {
  const value = readPlainJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), most)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { rest: JSON.stringify(value), texts: {} }
  const members = Object.entries(value)
  const texts = members.flatMap(([name, member]) =>
    names.includes(name) && canBeLarge(member) ? [[name, memberText(member)] as const] : [],
  )
  const taken = new Set(texts.map(([name]) => name))
  const rest = Object.fromEntries(members.filter(([name]) => !taken.has(name)))
  return { rest: JSON.stringify(rest), texts: Object.fromEntries(texts) }
}

/** Checks whether a member can be large. A number, a boolean or null stays as it is. */
function canBeLarge(member: unknown): boolean {
  return typeof member === 'string' || (typeof member === 'object' && member !== null)
}

function memberText(member: unknown): string {
  return typeof member === 'string' ? member : JSON.stringify(member)
}
