import { Type } from 'typebox'
import {
  addEnforcer,
  type Enforcer as EnforcerNoun,
  findResource,
  listEnforcers,
  revokeEnforcer,
} from '../catalog/index.ts'
import { Problem } from '../lib/problem.ts'
import { ByName, listOf, Name, Nothing, Time } from '../operations/schemas.ts'
import { operation } from './operation.ts'
import { time } from './shapes.ts'

const closed = { additionalProperties: false } as const
const Enforcer = Type.Object({
  id: Type.String(),
  resource: Name,
  created_by: Type.String(),
  created_at: Time,
  last_used_at: Type.Union([Time, Type.Null()]),
  revoked_at: Type.Union([Time, Type.Null()]),
})
const Added = Type.Intersect([
  Enforcer,
  Type.Object({ secret: Type.String({ description: 'shown this once and kept nowhere' }) }),
])

function enforcerShape(enforcer: EnforcerNoun) {
  const { createdAt, createdBy, id, lastUsedAt, resource, revokedAt } = enforcer
  return {
    id,
    resource,
    created_by: createdBy,
    created_at: time(createdAt),
    last_used_at: lastUsedAt === null ? null : time(lastUsedAt),
    revoked_at: revokedAt === null ? null : time(revokedAt),
  }
}

/** How APIs that agents call directly may ask about those calls. */
export const ENFORCER_OPERATIONS = [
  operation({
    id: 'enforcers.list',
    method: 'GET',
    path: '/resources/:name/enforcers',
    says: 'The enforcement points of a direct API, newest first. Secrets are never shown again.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: listOf('enforcers', Enforcer),
    run: async (parts, { params }) => {
      const { read } = parts.connections.storage
      if (!(await findResource(read, params.name)))
        throw new Problem('catalog.unknown_resource', `there is no resource \`${params.name}\``)
      return { enforcers: (await listEnforcers(read, params.name)).map(enforcerShape) }
    },
  }),
  operation({
    id: 'enforcers.add',
    method: 'POST',
    path: '/resources/:name/enforcers',
    says: 'Lets a direct API ask about calls to it. The secret is in the answer, once.',
    who: 'administrator',
    widens: true,
    params: ByName,
    answer: Added,
    run: async (parts, { caller, params }) => {
      const wish = { resource: params.name, by: caller.person.id }
      const { enforcer, secret } = await addEnforcer(parts.people, wish)
      return { ...enforcerShape(enforcer), secret: secret.reveal() }
    },
  }),
  operation({
    id: 'enforcers.revoke',
    method: 'DELETE',
    path: '/resources/:name/enforcers/:id',
    says: 'Ends an enforcement point: from now on it asks nothing, and its API lets nothing through.',
    who: 'administrator',
    widens: false,
    params: Type.Object({ name: Name, id: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      const { id, name } = params
      await revokeEnforcer(parts.people, { id, resource: name, by: caller.person.id })
      return {}
    },
  }),
]
