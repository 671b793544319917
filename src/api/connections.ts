import { CONNECTIONS } from '../api-operations/connections.ts'
import { addConnection, listConnections, removeConnection } from '../connections/index.ts'
import { Secret } from '../lib/secret.ts'
import { acts } from './operation.ts'
import { time } from './shapes.ts'

export const CONNECTION_OPERATIONS = acts(CONNECTIONS, {
  list: async (parts) => ({
    connections: (await listConnections(parts.connections.storage.read)).map(
      ({ createdAt, header, kind, name }) => ({ name, kind, header, created_at: time(createdAt) }),
    ),
  }),
  add: async (parts, { body, caller }) => {
    const { header, kind, name, secret } = body
    const added = await addConnection(parts.connections, {
      name,
      kind,
      ...(header === undefined ? {} : { header }),
      secret: new Secret(secret),
      by: caller.person.id,
    })
    return { name, kind, header: added.header, created_at: time(added.createdAt) }
  },
  remove: async (parts, { caller, params }) => {
    await removeConnection(parts.connections, { name: params.name, by: caller.person.id })
    return {}
  },
})
