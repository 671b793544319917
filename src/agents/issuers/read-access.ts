import { bad } from './bad-issuer.ts'
import { claimName } from './claim-test.ts'
import { membersOf, readAddress } from './read-keys.ts'
import type { AccessMapping } from './trusted-issuer.ts'

const TYPES = ['at+jwt', 'JWT', ''] as const

/**
 * `{provider, subject?, typ?, introspection?: {url, client_id}}` as it was sent; `null` where none are accepted.
 * Throws `issuer.bad`.
 */
export function readAccess(value: unknown, reach: { loopback: boolean }): AccessMapping | null {
  if (value === null) return null
  const {
    introspection = null,
    provider,
    subject = 'sub',
    typ = ['at+jwt'],
    ...more
  } = membersOf(value)
  if (Object.keys(more).length > 0) throw bad('access has a member that means nothing')
  if (typeof provider !== 'string' || provider === '')
    throw bad('`provider` is the identity provider whose people the tokens speak for')
  if (typeof subject !== 'string' || !claimName(subject)) throw bad('`subject` names a claim')
  const types = TYPES.filter((one) => Array.isArray(typ) && typ.includes(one))
  if (!Array.isArray(typ) || types.length === 0 || types.length !== typ.length)
    throw bad('`typ` is among `at+jwt`, `JWT` and nothing')
  return { provider, subject, typ: types, introspection: readIntrospection(introspection, reach) }
}

function readIntrospection(value: unknown, reach: { loopback: boolean }) {
  if (value === null) return null
  const { client_id: clientId, url, ...more } = membersOf(value)
  if (
    Object.keys(more).length > 0 ||
    typeof clientId !== 'string' ||
    !/^[\x21-\x7e]{1,256}$/.test(clientId)
  )
    throw bad('introspection has an address and the `client_id` that asks')
  return { url: readAddress(url, reach), clientId }
}
