import {
  type ClientDocuments,
  readRequestTerms,
  type SelfRegisteredClient,
  selfOf,
} from '../../../identity/client-metadata/index.ts'
import type { ProtocolRecords } from '../../../identity/opaque-tokens/index.ts'
import { looksLikeClientUrl } from '../../../platform/lib/client-url.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { ClientRegistration } from '../registration/read-metadata.ts'
import { selfRegistered } from '../registration/self-registered.ts'

/** Client at the authorization endpoint, as it describes itself: in its registration, or where its document is. */
export interface RequestingClient {
  readonly self: SelfRegisteredClient
  readonly terms: ReturnType<typeof readRequestTerms>
}

/**
 * Finds a client that may ask people: one that registered, or whose id is the address of a metadata document.
 * INVARIANT: an address is never looked for among registrations, whatever is registered.
 * @throws Problem `client_document.…`
 */
export async function findRequestingClient(
  ports: {
    readonly documents: ClientDocuments | undefined
    readonly records: Pick<ProtocolRecords, 'find'>
  },
  clientId: string,
): Promise<RequestingClient | undefined> {
  if (looksLikeClientUrl(clientId)) return byDocument(ports.documents, clientId)
  const said = await ports.records.find<ClientRegistration>('Client', clientId)
  if (!said) return undefined
  const methods = [said.token_endpoint_auth_method]
  const badClientMetadata = (detail: string) => new Problem('registration.bad_metadata', detail)
  return {
    self: selfRegistered(clientId, said),
    terms: readRequestTerms({ ...said }, { methods, server: {}, bad: badClientMetadata }),
  }
}

async function byDocument(
  documents: ClientDocuments | undefined,
  clientId: string,
): Promise<RequestingClient | undefined> {
  const document = await documents?.inForce(clientId)
  if (document?.redirectUris.length === 0)
    throw new Problem(
      'client_document.invalid',
      'it has no `redirect_uris`, so it cannot use the authorization endpoint',
    )
  return document && { self: selfOf(document), terms: document.terms }
}
