import { Problem } from '../../platform/lib/problem.ts'
import type { FactParts } from './parts.ts'

/** Answers the parts that checking tokens we signed takes. */
export function ownTokens({
  issuer,
  keys,
  clock,
  verified,
}: Pick<FactParts, 'issuer' | 'keys' | 'clock' | 'verified'>) {
  return { issuer, keys, clock, verified }
}

/** A token of ours that is signed is bound to its key; anything else is no token. */
export function unusableBearer(token: string): Problem {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)
    ? new Problem('token.wrong_scheme', 'the token is bound to a key: use DPoP')
    : new Problem('token.malformed', 'this is not a token that Remit knows')
}
