import {
  createPrivateKeyJwtAuth,
  type DpopSession,
  type OAuthClientInformation,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
} from '@modelcontextprotocol/client'
import type { TestKey } from '../signing.ts'

/** A client of the official SDK that was told its id, and authenticates by its key: as an administrator would configure one. */
export class KnownClient implements OAuthClientProvider {
  readonly redirectUrl: string
  readonly clientMetadata: OAuthClientMetadata
  readonly addClientAuthentication: NonNullable<OAuthClientProvider['addClientAuthentication']>
  readonly #id: string
  readonly #session: DpopSession
  readonly #issuer: string
  saved: OAuthTokens | undefined
  sent: URL | undefined
  /** True when it registered all the same. */
  registered = false
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined

  constructor(
    redirectUrl: string,
    given: { id: string; issuer: string; key: TestKey; session: DpopSession },
  ) {
    const { id, issuer, key, session } = given
    this.redirectUrl = redirectUrl
    this.clientMetadata = { redirect_uris: [redirectUrl], client_name: 'Known' }
    this.#id = id
    this.#issuer = issuer
    this.#session = session
    const who = { issuer: id, subject: id, alg: 'ES256' }
    this.addClientAuthentication = createPrivateKeyJwtAuth({
      ...who,
      privateKey: { ...key.privateJwk },
    })
  }

  clientInformation(): OAuthClientInformation & { readonly issuer: string } {
    return { client_id: this.#id, issuer: this.#issuer }
  }

  saveClientInformation(): void {
    this.registered = true
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovered = state
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovered
  }

  dpop(): DpopSession {
    return this.#session
  }

  tokens(): OAuthTokens | undefined {
    return this.saved
  }

  saveTokens(tokens: OAuthTokens): void {
    this.saved = tokens
  }

  redirectToAuthorization(url: URL): void {
    this.sent = url
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }

  codeVerifier(): string {
    return this.#verifier
  }
}
