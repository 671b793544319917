import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'

/** A verifier key: `<name>+<key id>+<key>` (C2SP signed-note, "Verifier keys"). Ed25519 only. */
export interface VerifierKey {
  readonly text: string
  readonly name: string
  readonly id: Uint8Array
  readonly key: KeyObject
}

/** C2SP tlog-checkpoint. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

const ED25519 = 1
const MAX_SIGNATURES = 64
/** SubjectPublicKeyInfo of an Ed25519 key, without the key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** `undefined` when the text is not a verifier key, or its id is not that of its key. */
export function parseVerifierKey(text: string): VerifierKey | undefined {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text)
  const encoded = fromBase64(match?.[3])
  const name = match?.[1]
  if (!match || !name || encoded?.length !== 33 || encoded[0] !== ED25519) return undefined
  const id = createHash('sha256').update(`${name}\n`).update(encoded).digest().subarray(0, 4)
  if (id.toString('hex') !== match[2]) return undefined
  const der = Buffer.concat([SPKI_PREFIX, encoded.subarray(1)])
  try {
    return { text, name, id, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) }
  } catch {
    return undefined
  }
}

/** The text of a note that this key has signed; `undefined` for everything else (C2SP signed-note, "Format"). */
export function openNote(bytes: Uint8Array, key: VerifierKey): string | undefined {
  const note = utf8(bytes)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note has none of them
  if (note === undefined || /[\u0000-\u0009\u000b-\u001f]/.test(note)) return undefined
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) return undefined
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return undefined
  let good = false
  for (const line of lines) {
    const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/.exec(line)
    const signature = fromBase64(match?.[2])
    if (!signature || signature.length < 5) return undefined
    if (match?.[1] !== key.name || !signature.subarray(0, 4).equals(key.id)) continue
    if (!verify(null, Buffer.from(text), key.key, signature.subarray(4))) return undefined
    good = true
  }
  return good ? text : undefined
}

export function parseCheckpoint(text: string): Checkpoint | undefined {
  const match = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]+=*)\n(?:[^\n]+\n)*$/.exec(text)
  const root = fromBase64(match?.[3])
  const size = Number(match?.[2])
  if (!match?.[1] || root?.length !== 32 || !Number.isSafeInteger(size)) return undefined
  return { origin: match[1], size, root }
}

/** Strict: text that would not be encoded like this is refused. */
function fromBase64(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Strict: `undefined` for bytes that are not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
