/** Credential of a machine client, as the edge has read it. */
export type PresentedClient =
  /** `name`: it said that, too (HTTP Basic). */
  | { readonly kind: 'secret'; readonly secret: string; readonly name?: string }
  /** `audiences`: what it may name as its audience beside the issuer, where a standard has it so. */
  | { readonly kind: 'assertion'; readonly jwt: string; readonly audiences?: readonly string[] }

/** A credential in the header `Authorization`, in the form in which edges read it. */
type HeaderCredential =
  | { readonly scheme: 'bearer'; readonly token: string }
  | { readonly scheme: 'basic'; readonly name: string; readonly secret: string }

/** Reads how a machine client says who it is: a secret (Bearer, or Basic with its name), or a JWT that it signed. */
export function presentedClient(shown: HeaderCredential | undefined): PresentedClient | undefined {
  if (!shown) return undefined
  if (shown.scheme === 'basic') return { kind: 'secret', name: shown.name, secret: shown.secret }
  return shown.token.includes('.')
    ? { kind: 'assertion', jwt: shown.token }
    : { kind: 'secret', secret: shown.token }
}
