export { addConnection, replaceCredential, setExpiry } from './add-connection.ts'
export {
  CONNECTIONS_SEALED,
  type Connection,
  type ConnectionParts,
  isCredential,
  isCredentialHeader,
} from './connection.ts'
export {
  selectConnections as listConnections,
  selectExpiring as listExpiring,
} from './connection-store.ts'
export { connectResource, credentialFor, removeConnection } from './use-connection.ts'
