export { addConnection } from './add-connection.ts'

export { isCredential, isCredentialHeader } from './connection.ts'
export { selectConnections as listConnections } from './connection-store.ts'
export type { ConnectionParts } from './parts.ts'
export { CONNECTIONS_SEALED } from './sealed.ts'
export { connectResource, credentialFor, removeConnection } from './use-connection.ts'
