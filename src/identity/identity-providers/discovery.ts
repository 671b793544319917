import type * as OpenId from 'openid-client'
import type { Clock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import type { Outbound, OutboundOptions } from '../../platform/net/index.ts'
import { clientSecretBasic } from './client-secret-basic.ts'
import type { ProviderWithSecret } from './identity-provider.ts'

const FRESH_MS = HOUR
const TIMEOUT_SECONDS = 5

/** Loaded when the first provider is met, not at every start. */
const loadClient = () => import('openid-client')

/** Metadata that a provider publishes about itself, and the only way to reach it. */
export interface KnownProvider {
  readonly metadata: OpenId.ServerMetadata
  readonly outbound: Outbound
}

/**
 * Finds providers by their issuer (OpenID Connect Discovery 1.0) and keeps what it found for an hour.
 * INVARIANT: a provider's own origin is the only one that may be private or plain HTTP when we talk to that provider.
 * Metadata that points anywhere else inside our network leads nowhere.
 */
export class Discovery {
  readonly #clock: Clock
  readonly #connect: (options: OutboundOptions) => Outbound
  readonly #outbounds = new Map<string, Outbound>()
  readonly #known = new Map<string, { known: Promise<KnownProvider>; since: number }>()

  constructor(clock: Clock, connect: (options: OutboundOptions) => Outbound) {
    this.#clock = clock
    this.#connect = connect
  }

  /** Throws `provider.unreachable`, `outbound.…`. A failure is not kept. */
  find(issuer: string): Promise<KnownProvider> {
    const entry = this.#known.get(issuer)
    const now = this.#clock.monotonic()
    if (entry && now - entry.since < FRESH_MS) return entry.known
    const known = this.#fetch(issuer)
    this.#known.set(issuer, { known, since: now })
    known.catch(() => this.#known.delete(issuer))
    return known
  }

  /** The provider as seen by Remit's own client there. */
  async configuration(provider: ProviderWithSecret): Promise<OpenId.Configuration> {
    const { metadata, outbound } = await this.find(provider.issuer)
    const openid = await loadClient()
    const config = new openid.Configuration(
      metadata,
      provider.clientId,
      undefined,
      clientAuthentication(openid, provider, metadata),
    )
    config[openid.customFetch] = outbound.fetch
    config.timeout = TIMEOUT_SECONDS
    // The ID token came over TLS straight from the provider; its signature is checked all the same.
    openid.enableNonRepudiationChecks(config)
    if (provider.issuer.startsWith('http:')) openid.allowInsecureRequests(config)
    return config
  }

  async close(): Promise<void> {
    for (const outbound of this.#outbounds.values()) await outbound.close()
  }

  async #fetch(issuer: string): Promise<KnownProvider> {
    const outbound = this.#outboundFor(issuer)
    try {
      const openid = await loadClient()
      const config = await openid.discovery(new URL(issuer), 'remit', undefined, openid.None(), {
        [openid.customFetch]: outbound.fetch,
        timeout: TIMEOUT_SECONDS,
        execute: issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [],
      })
      const metadata = config.serverMetadata()
      // The library compares parsed URLs; tokens are compared byte by byte, and so is this.
      if (metadata.issuer !== issuer)
        throw new Problem('provider.unreachable', `${issuer} says its issuer is ${metadata.issuer}`)
      return { metadata, outbound }
    } catch (cause) {
      if (cause instanceof Problem) throw cause
      throw new Problem('provider.unreachable', `${issuer} could not be discovered`, { cause })
    }
  }

  #outboundFor(issuer: string): Outbound {
    const { origin } = new URL(issuer)
    const known = this.#outbounds.get(origin)
    if (known) return known
    const outbound = this.#connect({ allowOrigins: (other) => other === origin, connections: 4 })
    this.#outbounds.set(origin, outbound)
    return outbound
  }
}

function clientAuthentication(
  openid: typeof OpenId,
  provider: ProviderWithSecret,
  metadata: OpenId.ServerMetadata,
): OpenId.ClientAuth {
  if (!provider.clientSecret) return openid.None()
  const secret = provider.clientSecret.reveal()
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  return methods.includes('client_secret_basic')
    ? clientSecretBasic(secret)
    : openid.ClientSecretPost(secret)
}
