import type { TokenShape } from '../token-pdp/index.ts'

/** Scopes hold within bounds only: the claim that says so. An API that gets the token reads it like `authorization_details`. */
export const WITHIN_CLAIM = 'remit_details'

/**
 * `context.issuance` of the token issuance profile. `audience` is never there: what it could withdraw, a denied gate withdraws.
 * INVARIANT: of claims there is none but ours, and a server that cannot carry it must not issue (`crit`).
 */
export function issuanceOf({
  details,
  grantedScope,
  tokenLifetime,
  within,
}: TokenShape): Readonly<Record<string, unknown>> {
  return {
    ...(tokenLifetime === undefined ? {} : { token_lifetime: tokenLifetime }),
    ...(grantedScope === undefined ? {} : { granted_scope: grantedScope }),
    ...(details === undefined ? {} : { authorization_details: details }),
    ...(within?.length ? { claims: { [WITHIN_CLAIM]: within }, crit: [WITHIN_CLAIM] } : {}),
  }
}
