export { addConnection } from './add-connection.ts'
export {
  CONNECTIONS_SEALED,
  type ConnectionParts,
  isCredential,
  isCredentialHeader,
} from './connection.ts'
export { selectConnections as listConnections } from './connection-store.ts'
export { connectResource, credentialFor, removeConnection } from './use-connection.ts'
