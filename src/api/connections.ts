import { Type } from 'typebox'
import { addConnection, listConnections, removeConnection } from '../connections/index.ts'
import { Secret } from '../lib/secret.ts'
import { ByName, listOf, Name, Nothing, secretText, Time } from '../operations/schemas.ts'
import { operation } from './operation.ts'
import { time } from './shapes.ts'

const Connection = Type.Object({
  name: Name,
  kind: Type.String(),
  header: Type.String(),
  created_at: Time,
})

export const CONNECTION_OPERATIONS = [
  operation({
    id: 'connections.list',
    method: 'GET',
    path: '/connections',
    says: 'Every connection. Credentials are never shown again.',
    who: 'administrator',
    widens: false,
    answer: listOf('connections', Connection),
    run: async (parts) => ({
      connections: (await listConnections(parts.connections.storage.read)).map(
        ({ createdAt, header, kind, name }) => ({
          name,
          kind,
          header,
          created_at: time(createdAt),
        }),
      ),
    }),
  }),
  operation({
    id: 'connections.add',
    method: 'POST',
    path: '/connections',
    says: 'Keeps a credential for an API, sealed. The gateway puts it in; agents never see it.',
    who: 'administrator',
    widens: true,
    body: Type.Object(
      {
        name: Name,
        kind: Type.Literal('bearer'),
        header: Type.Optional(Type.String({ maxLength: 100 })),
        secret: secretText({ minLength: 1, maxLength: 8192 }),
      },
      { additionalProperties: false },
    ),
    answer: Connection,
    run: async (parts, { body, caller }) => {
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
  }),
  operation({
    id: 'connections.remove',
    method: 'DELETE',
    path: '/connections/:name',
    says: 'Forgets a credential. Refused while a resource uses it.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      await removeConnection(parts.connections, { name: params.name, by: caller.person.id })
      return {}
    },
  }),
]
