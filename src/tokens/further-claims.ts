import type { PlainObject } from '../jose/index.ts'

/** Value of a further claim. A subject is a person by the pair that their provider knows. */
export type FurtherValue =
  | string
  | number
  | boolean
  | readonly string[]
  | { readonly iss: string; readonly sub: string }

/** Claims that a resource wants in its tokens beside ours, by their names. */
export type FurtherClaims = Readonly<Record<string, FurtherValue>>

const NAME = /^[A-Za-z][A-Za-z0-9_.:/-]{0,127}$/

/**
 * Names that mean something in one of our tokens, or to whoever verifies a JWT.
 * INVARIANT: no mapping says any of them.
 */
const OURS: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'typ', 'nonce', 'azp', 'sid', 'events'],
  ...['sub_profile', 'sub_id', 'act', 'may_act', 'sponsor', 'client_id', 'authorization_details'],
  ...['scope', 'scp', 'cnf', 'auth_time', 'acr', 'amr', 'task', 'txn', 'req_wl', 'tctx', 'rctx'],
  ...['purp', 'active', 'token_type', 'username', 'token_introspection', 'at_hash', 'c_hash'],
  ...['s_hash', 'toe', 'orig', 'dest', 'jwk', 'constructor'],
])

/** Tells whether a further claim may have this name. */
export function isFurtherName(name: string): boolean {
  return NAME.test(name) && !OURS.has(name)
}

/** Reads the further claims of a token of ours. */
export function readFurther(claims: PlainObject): FurtherClaims {
  return Object.fromEntries(
    Object.entries(claims).filter(([name]) => isFurtherName(name)),
  ) as FurtherClaims // as: we signed them, and wrote nothing else
}
