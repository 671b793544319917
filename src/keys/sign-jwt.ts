import { base64url } from '../lib/bytes.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * A JWT in compact form, signed with one of our keys. `claims` must be plain JSON values.
 * Of the header only `alg`, `typ` and `kid` exist, so that every verifier can refuse the rest.
 */
export async function signJwt(
  key: SigningKey,
  token: { readonly typ: string; readonly claims: object },
): Promise<string> {
  const payload = Buffer.from(JSON.stringify(token.claims)).toString('base64url')
  const signingInput = `${headerOf(key, token.typ)}.${payload}`
  const signature = await key.sign(Buffer.from(signingInput, 'latin1'))
  return `${signingInput}.${base64url(signature)}`
}

/** A key signs a handful of types: their headers are encoded once. */
const headers = new WeakMap<SigningKey, Map<string, string>>()

function headerOf(key: SigningKey, typ: string): string {
  const known = headers.get(key) ?? new Map<string, string>()
  const found = known.get(typ)
  if (found !== undefined) return found
  const header = JSON.stringify({ alg: key.alg, typ, kid: key.kid })
  const encoded = Buffer.from(header).toString('base64url')
  headers.set(key, known.set(typ, encoded))
  return encoded
}
