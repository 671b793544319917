import type { ClientMethod } from './client-document.ts'

/** Ways in which a client can authenticate. */
export interface AuthenticationSettings {
  readonly methods: readonly ClientMethod[]
  /** Thumbprints of its keys, sorted. */
  readonly keys: readonly string[]
  /** The keys, of a client that registered them with us. */
  readonly jwks?: readonly object[] | undefined
  readonly jwksUri?: string | undefined
  /** True when the client registered for the FAPI 2.0 Security Profile. */
  readonly fapi2?: boolean | undefined
}

/**
 * Client as it describes itself, before anyone let it in. Nothing of it is verified but where its answers can be sent, and the
 * address of its document.
 */
export interface SelfRegisteredClient {
  readonly clientId: string
  readonly clientName: string
  /** All that it registered, as they passed registration. */
  readonly redirectUris: readonly string[]
  /** Left out of a public client that registered. */
  readonly proves?: AuthenticationSettings | null | undefined
  readonly softwareId?: string | undefined
}
