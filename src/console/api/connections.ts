import {
  addConnection,
  type Connection,
  listConnections,
  removeConnection,
  replaceCredential,
  setExpiry,
} from '../../identity/connections/index.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { CONNECTIONS } from '../api-operations/connections.ts'
import { acts } from './operation.ts'
import { time } from './shapes.ts'

export const CONNECTION_OPERATIONS = acts(CONNECTIONS, {
  list: async (parts) => ({
    connections: (await listConnections(parts.connections.storage.read)).map(connectionShape),
  }),
  add: async (parts, { body, caller }) => {
    const { expires_at, header, kind, name, secret } = body
    const added = await addConnection(parts.connections, {
      name,
      kind,
      ...(header === undefined ? {} : { header }),
      secret: new Secret(secret),
      expiresAt: expires_at === undefined ? undefined : Date.parse(expires_at),
      by: caller.person.id,
    })
    return connectionShape(added)
  },
  replace: async (parts, { body, caller, params }) => {
    const { expires_at, secret } = body
    const replaced = await replaceCredential(parts.connections, {
      name: params.name,
      secret: new Secret(secret),
      expiresAt: expires_at === undefined ? undefined : Date.parse(expires_at),
      by: caller.person.id,
    })
    return connectionShape(replaced)
  },
  expiry: async (parts, { body: { expires_at }, caller, params }) => {
    const set = await setExpiry(parts.connections, {
      name: params.name,
      expiresAt: expires_at === null ? null : Date.parse(expires_at),
      by: caller.person.id,
    })
    return connectionShape(set)
  },
  remove: async (parts, { caller, params }) => {
    await removeConnection(parts.connections, { name: params.name, by: caller.person.id })
    return {}
  },
})

function connectionShape({ createdAt, expiresAt, header, kind, name, replacedAt }: Connection) {
  return {
    ...{ name, kind, header, created_at: time(createdAt) },
    replaced_at: replacedAt === null ? null : time(replacedAt),
    expires_at: expiresAt === null ? null : time(expiresAt),
  }
}
