/** Machine clients: programs that authenticate and are no agents; their kind says what each may do. */
export {
  type ClientAuthentication,
  ClientAuthenticator,
  type KnownClient,
} from './authenticator.ts'
export { addClient, changeClient, removeClient } from './change-client.ts'
export type { ClientSettingsInput } from './check-settings.ts'
export { type ClientCredential, clientKey, heardAt, type MachineClient } from './client.ts'
export { findClient, listClients } from './client-store.ts'
export { listCredentials as listClientCredentials } from './credential-store.ts'
export type { ClientKind, ClientRight, KindWith } from './kinds.ts'
export type { ClientParts } from './parts.ts'
export { type PresentedClient, presentedClient } from './presented.ts'
export { addClientKey, endCredential, rotateSecret } from './rotate.ts'
export type { IssuingSettings, PepSettings } from './settings.ts'
