import { importPublicJwk, readCompact, readObject } from '../../../platform/jose/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { readAgentKey } from '../../agents/index.ts'
import type { ClientKey, ClientMethod } from '../client-document.ts'

/** Members of a JWK that only its owner may know (RFC 7518 section 6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const MAX_KEYS = 20
const OURS: readonly ClientMethod[] = ['none', 'private_key_jwt']
const METHOD = 'token_endpoint_auth_method'
/** OpenID Connect Relying Party Metadata Choices section 2. */
const METHODS = 'token_endpoint_auth_methods_supported'

type Members = Readonly<Record<string, unknown>>

/**
 * INVARIANT: nothing that anyone can read is a credential (section 4.1 of the draft): no secret, no method that needs one, no
 * private key at any depth; in a software statement neither, of which nothing else is used.
 * @throws Problem `client_document.invalid`
 */
export function refuseSecrets(members: Members): void {
  for (const name of ['client_secret', 'client_secret_expires_at'])
    if (Object.hasOwn(members, name))
      throw invalidClientDocument(`a public document must not contain \`${name}\``)
  for (const method of [members[METHOD], members[METHODS]].flat())
    if (typeof method === 'string' && /secret/i.test(method))
      throw invalidClientDocument(
        `\`${method.slice(0, 40)}\` needs a secret, which a public document cannot have`,
      )
  refusePrivateKeys(members)
  const { software_statement: statement } = members
  if (statement !== undefined) refuseSecrets(claimsOf(statement))
}

function claimsOf(statement: unknown): Members {
  try {
    return readObject(readCompact(String(statement)).payload, 'software statement')
  } catch (cause) {
    throw invalidClientDocument('`software_statement` is not a JWT', cause)
  }
}

function refusePrivateKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const inside: unknown[] = Object.values(value)
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(value, name))
  if (Object.hasOwn(value, 'kty') && secret !== undefined)
    throw invalidClientDocument(`a key has the private member \`${secret}\`, so it is compromised`)
  for (const item of inside) refusePrivateKeys(item)
}

/**
 * Reads how the client may authenticate, as far as we know the ways (section 6): without both
 * members `none`, and not the default of RFC 7591. @throws Problem `client_document.invalid`
 */
export function methodsOf(members: Members): readonly ClientMethod[] {
  const { [METHOD]: one, [METHODS]: several } = members
  if (one === undefined && several === undefined) return ['none']
  if (several !== undefined && !(Array.isArray(several) && several.length > 0))
    throw invalidClientDocument(`\`${METHODS}\` is a list of methods`)
  const declared: readonly unknown[] = several ?? [one]
  if (one !== undefined && !declared.includes(one))
    throw invalidClientDocument(`\`${METHOD}\` is not among \`${METHODS}\``)
  const methods = OURS.filter((method) => declared.includes(method))
  if (methods.length === 0)
    throw invalidClientDocument('the client supports no authentication method of this server')
  return methods
}

/**
 * The keys of a JWK Set (RFC 7517 section 5) that a client can prove itself with here; others are passed over.
 * @throws Problem `client_document.invalid`: it is no set, has none that can be used, or a private one
 */
export function keysOf(set: unknown): readonly ClientKey[] {
  const keys = typeof set === 'object' && set !== null ? Reflect.get(set, 'keys') : undefined
  if (!Array.isArray(keys) || keys.length > MAX_KEYS)
    throw invalidClientDocument(`its keys are not a JWK set of at most ${MAX_KEYS}`)
  refusePrivateKeys(keys)
  const usable = keys.flatMap(usableKey)
  if (usable.length === 0) throw invalidClientDocument('it has no key on P-256 or Ed25519')
  if (new Set(usable.map(({ kid }) => kid)).size < usable.length)
    throw invalidClientDocument('two keys have the same `kid`')
  return usable
}

function usableKey(jwk: unknown): ClientKey[] {
  try {
    importPublicJwk(jwk)
    return [readAgentKey(jwk)]
  } catch (error) {
    if (error instanceof Problem) return []
    throw error
  }
}

export function invalidClientDocument(detail: string, cause?: unknown): Problem {
  return new Problem('client_document.invalid', detail, { cause })
}
