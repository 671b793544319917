import type { Secret } from '../../platform/lib/secret.ts'
import type { AttributeClaims } from '../people/index.ts'

/** An OpenID provider that signs people in. `issuer` is byte-exact what its tokens say. */
export interface IdentityProvider {
  readonly issuer: string
  /** Name that people read on the sign-in button. */
  readonly name: string
  /** Remit's client there. */
  readonly clientId: string
  /** The claim that holds the provider's group values. */
  readonly groupsClaim: string
  /** Signing out there closes the person's tasks, and not only their sessions. */
  readonly closesTasks: boolean
  /** Ways to prove who one is (`acr`), one of which a sign-in has to say; none: any will do. */
  readonly acrValues: readonly string[]
  /** Mapping of its claims to attributes of people. */
  readonly attributes: AttributeClaims
  /** Domains of the addresses of its people: a person who types such an address is sent there. */
  readonly domains: readonly string[]
  readonly createdAt: number
}

export interface ProviderWithSecret extends IdentityProvider {
  readonly clientSecret: Secret | undefined
}
