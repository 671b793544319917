import {
  readClientKeys,
  type SelfRegisteredClient,
} from '../../../identity/client-metadata/index.ts'
import type { ClientRegistration } from './read-metadata.ts'

type RegisteredMembers = Pick<
  ClientRegistration,
  | 'redirect_uris'
  | 'client_name'
  | 'token_endpoint_auth_method'
  | 'jwks'
  | 'software_id'
  | 'security_profile'
>

/** A client that registered, as admission and consent go by it. */
export function selfRegistered(clientId: string, client: RegisteredMembers): SelfRegisteredClient {
  const { client_name: clientName, jwks, redirect_uris: redirectUris, software_id } = client
  const keys = jwks ? readClientKeys(jwks) : []
  const thumbprints = keys.map(({ thumbprint }) => thumbprint).toSorted()
  return {
    ...{ clientId, clientName, redirectUris },
    ...(software_id === undefined ? {} : { softwareId: software_id }),
    ...(client.token_endpoint_auth_method === 'none'
      ? {}
      : {
          proves: {
            methods: [client.token_endpoint_auth_method],
            keys: thumbprints,
            jwks: jwks?.keys ?? [],
            ...(client.security_profile === 'fapi2' ? { fapi2: true } : {}),
          },
        }),
  }
}
