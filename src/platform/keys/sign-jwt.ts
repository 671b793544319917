import { base64url } from '../lib/bytes.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * Signs a JWT in compact form with one of our keys. `claims` must be plain JSON values. The header
 * has only `alg`, `typ` and `kid`, so that every verifier can refuse the rest.
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

/** Encoded headers by key: a key signs a handful of types, so each header is encoded once. */
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
