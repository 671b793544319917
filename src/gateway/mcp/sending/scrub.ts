import { ExactNumber, isObject, type Json, type JsonObject } from '../../../lib/json.ts'
import { secretFilter } from '../../secret-filter.ts'

/** Shorter ones are looked for as they are, and not encoded: too much else would look like them. */
const LEAST_ENCODED = 8

/** Of a longer one, such as a token, the end: without it the rest is worth nothing. */
const MOST_ENCODED = 96

/**
 * What a text of a server may not hold: the secrets as they are, and as programs write them into other texts. Whoever wants to tell
 * one on has other ways; this is for servers that show what they were sent.
 */
export function spellings(secrets: readonly string[]): readonly string[] {
  return [...new Set(secrets.filter(Boolean).flatMap(spellingsOf))]
}

function spellingsOf(secret: string): string[] {
  if (secret.length < LEAST_ENCODED) return [secret]
  const end = secret.slice(-MOST_ENCODED)
  const percent = encodeURIComponent(end)
  const quoted = JSON.stringify(end).slice(1, -1)
  const bytes = Buffer.from(end)
  return [
    secret,
    quoted,
    quoted.replaceAll('/', '\\/'),
    percent,
    percent.replaceAll(/%[0-9A-F]{2}/g, (each) => each.toLowerCase()),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((before) => base64Around(bytes, before)),
  ]
}

/** What stays of a secret in Base64, in both alphabets, behind so many bytes (modulo 3) and before whatever follows. */
function base64Around(bytes: Buffer, before: number): string[] {
  const whole = Buffer.concat([Buffer.alloc(before), bytes])
  const from = Math.ceil((before * 8) / 6)
  const to = Math.floor((whole.length * 8) / 6)
  return (['base64', 'base64url'] as const).map((as) => whole.toString(as).slice(from, to))
}

/**
 * The same value without our secrets, should a server echo them, in whatever way its JSON spelled them: it is looked at as it
 * was read, in values and in names. A number that holds one is none any more.
 */
export function scrub(value: JsonObject, secrets: readonly string[]): JsonObject {
  return secrets.length === 0 ? value : object(value, secrets)
}

function object(value: JsonObject, secrets: readonly string[]): JsonObject {
  return new Map(
    Array.from(value, ([name, member]) => [scrubText(name, secrets), any(member, secrets)]),
  )
}

function any(value: Json, secrets: readonly string[]): Json {
  if (typeof value === 'string') return scrubText(value, secrets)
  if (value instanceof ExactNumber) {
    const text = scrubText(value.text, secrets)
    return text === value.text ? value : text
  }
  if (isObject(value)) return object(value, secrets)
  if (Array.isArray(value)) return value.map((item: Json) => any(item, secrets))
  return value
}

export function scrubText(text: string, secrets: readonly string[]): string {
  if (!secrets.some((each) => each.length <= text.length && text.includes(each))) return text
  const filter = secretFilter(secrets)
  const kept = filter.push(Buffer.from(text))
  return Buffer.concat([kept, filter.rest()]).toString()
}
