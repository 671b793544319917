import { type MintParts, signOwn } from './access-token.ts'

/** RFC 9701 section 5 */
export const INTROSPECTION_TYPE = 'token-introspection+jwt'

/**
 * An answer about a token as a JWT for the server that asked (RFC 9701 section 5).
 * INVARIANT: it is no token: it has a type of its own, neither `sub` nor `exp`, and an audience that no access token has.
 * @throws Problem `token.too_large`
 */
export function mintIntrospection(
  { clock, issuer, key }: Omit<MintParts, 'random'>,
  caller: string,
  told: object,
): Promise<string> {
  const iat = Math.floor(clock.now() / 1000)
  return signOwn(key, INTROSPECTION_TYPE, {
    iss: issuer,
    aud: caller,
    iat,
    token_introspection: told,
  })
}
