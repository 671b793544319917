import { type JsonObject, parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** Maximum bytes of an answer of an authenticator. */
const MAX_BYTES = 16_384
const BASE64URL = /^[A-Za-z0-9_-]{1,16384}$/

/** Answer of an authenticator (RegistrationResponseJSON, AuthenticationResponseJSON), as far as it is read. */
export interface ReadCredential {
  readonly id: string
  readonly response: JsonObject
}

/** @throws Problem `passkey.invalid` */
export function readCredential(text: string): ReadCredential {
  const read = parseCredential(text)
  const id = read.get('id')
  const response = read.get('response')
  if (typeof id !== 'string' || !BASE64URL.test(id) || !(response instanceof Map))
    throw unreadable()
  return { id, response }
}

/** Member of the response that is base64url. @throws Problem `passkey.invalid` */
export function memberOf({ response }: ReadCredential, name: string): string {
  const value = response.get(name)
  if (typeof value !== 'string' || !BASE64URL.test(value)) throw unreadable()
  return value
}

function parseCredential(text: string): JsonObject {
  try {
    const read = parseJson(text, { bytes: MAX_BYTES, depth: 8 })
    if (read instanceof Map) return read
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
  throw unreadable()
}

function unreadable(): Problem {
  return new Problem('passkey.invalid', 'the answer of the passkey cannot be read')
}
