import { sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { isClientUrl } from '../../platform/lib/client-url.ts'
import type { ClientDocument } from './client-document.ts'
import { withoutPort } from './redirect-uri.ts'
import type { AuthenticationSettings, SelfRegisteredClient } from './self-registered.ts'

/**
 * Description of an agent that came by itself, in its own words, as it is stored with the agent.
 */
export interface Description {
  readonly agentId: string
  readonly clientName: string
  readonly redirectUris: readonly string[]
  readonly proves: AuthenticationSettings
  /** Digest of what people were told: with another one it is another client to them. */
  readonly digest: string
  /** Shared by clients that are the same software (`softwareDigest`). */
  readonly softwareDigest: string | null
  /** Time when it was let in, or its document last found to be another. Epoch milliseconds. */
  readonly noticedAt: number
  readonly changedAt: number | null
}

/** A public client that registered and said nothing about keys. */
const PUBLIC: AuthenticationSettings = { methods: ['none'], keys: [] }

export function provingOf(client: Pick<SelfRegisteredClient, 'proves'>): AuthenticationSettings {
  return client.proves ?? PUBLIC
}

/** A client whose document was read, as what admission and consent go by. */
export function selfOf(
  document: ClientDocument,
): SelfRegisteredClient & { readonly proves: AuthenticationSettings } {
  const { clientId, clientName, jwksUri, keys, methods, redirectUris, terms } = document
  const thumbprints = keys.map(({ thumbprint }) => thumbprint).toSorted()
  return {
    ...{ clientId, clientName, redirectUris },
    proves: {
      methods,
      keys: thumbprints,
      ...(jwksUri === undefined ? {} : { jwksUri }),
      ...(terms.fapi2 ? { fapi2: true } : {}),
    },
  }
}

/** Digest of name, addresses and ways to authenticate. Keys are not in it: they may be rotated. */
export function descriptionDigest(client: SelfRegisteredClient): string {
  const { clientName, redirectUris } = client
  const { methods } = provingOf(client)
  return sha256url(
    canonicalJson({
      client_name: clientName,
      redirect_uris: redirectUris.toSorted(),
      methods: methods.toSorted(),
    }),
  )
}

/**
 * Digest that registrations of the same software share: its id, its name, and its addresses, without the ports that programs on a
 * person's computer choose when they start. `null` for a client that has a key or a document: it is identified by that alone.
 */
export function softwareDigest(client: SelfRegisteredClient): string | null {
  const { clientId, clientName, redirectUris, softwareId = null } = client
  if (isClientUrl(clientId) || client.proves) return null
  return sha256url(
    canonicalJson({
      software_id: softwareId,
      client_name: clientName,
      redirect_uris: [...new Set(redirectUris.map((uri) => withoutPort(uri) ?? uri))].toSorted(),
    }),
  )
}
