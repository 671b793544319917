export { addConnection, replaceCredential } from './add-connection.ts'
export type { Connection } from './connection.ts'
export { isCredential, isCredentialHeader } from './connection.ts'
export { selectConnections as listConnections } from './connection-store.ts'
export type { ConnectionParts } from './parts.ts'
export { CONNECTIONS_SEALED } from './sealed.ts'
export {
  connectResource,
  credentialFor,
  removeConnection,
  requireConnection,
  type UpstreamCredential,
} from './use-connection.ts'
