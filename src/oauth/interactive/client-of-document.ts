import Provider, { type AdapterPayload, errors } from 'oidc-provider'
import {
  applicationTypeOf,
  type ClientDocument,
  type ClientDocuments,
  membersOfTerms,
} from '../../client-metadata/index.ts'
import { Problem } from '../../lib/problem.ts'

/**
 * A client whose id is the address of its metadata document, as the protocol library knows clients: what we fetched and checked,
 * and nothing of what else the document says. The library itself fetches nothing; keys are given to it as they are now.
 * @throws errors.InvalidClient with the Problem as its cause
 */
export async function clientOfDocument(
  documents: ClientDocuments | undefined,
  clientId: string,
): Promise<AdapterPayload | undefined> {
  if (!documents) return undefined
  try {
    return payloadOf(await documents.inForce(clientId))
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    throw Object.assign(new errors.InvalidClient(cause.detail), { cause })
  }
}

function payloadOf(document: ClientDocument): AdapterPayload {
  const { clientId, clientName, keys, methods, redirectUris } = document
  if (redirectUris.length === 0)
    throw new Problem('client_document.invalid', 'it names no `redirect_uris`: it asks no person')
  // Where it has several ways, the request says which: it brings an assertion or it does not.
  const signed = Provider.ctx?.oidc?.params?.client_assertion !== undefined
  const [only] = methods
  const several = signed ? 'private_key_jwt' : 'none'
  const method = methods.length > 1 ? several : only
  return {
    client_id: clientId,
    client_name: clientName,
    redirect_uris: [...redirectUris],
    application_type: applicationTypeOf(redirectUris),
    ...(method === undefined ? {} : { token_endpoint_auth_method: method }),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    response_modes: ['query'],
    ...membersOfTerms(document.terms),
    ...(keys.length > 0
      ? { jwks: { keys: keys.map(({ jwk, kid }) => ({ ...jwk, kid, use: 'sig' })) } }
      : {}),
  }
}
