import { Type } from 'typebox'
import {
  addKey,
  agentIdOf,
  findAgent,
  findDescription,
  linkClient,
  listAgents,
  listKeys,
  recertifyAgent,
  registerAgent,
  resumeAgent,
  retireAgent,
  revokeKey,
  setCeiling,
  setCertification,
  setNotifyAt,
  setTrust,
  suspendAgent,
  unlinkClient,
} from '../agents/index.ts'
import { Problem } from '../lib/problem.ts'
import { personNames } from './names.ts'
import { operation } from './operation.ts'
import type { ApiParts } from './parts.ts'
import { Agent, ByName, Detail, listOf, Name, Nothing, Reason } from './schemas.ts'
import { agentShape, time } from './shapes.ts'

const MOST_LISTED = 1000
const closed = { additionalProperties: false } as const
const Key = Type.Object({
  thumbprint: Type.String(),
  kid: Type.String(),
  created_at: Type.String(),
  revoked: Type.Boolean(),
})
const Client = Type.Object({ issuer: Type.String(), client_id: Type.String() }, closed)
const NameOrUrl = Type.String({
  maxLength: 512,
  pattern: '^(?:[a-z][a-z0-9-]{0,61}[a-z0-9]|https://[!-~]+)$',
  description:
    'lower-case letters, digits and hyphens; or the address of the metadata document of a client',
})
const Described = Type.Object({
  client_name: Type.String(),
  redirect_uris: Type.Array(Type.String()),
  redirect_hosts: Type.Array(Type.String()),
  methods: Type.Array(Type.String()),
  keys: Type.Array(Type.String(), { description: 'thumbprints' }),
  noticed_at: Type.String(),
  changed_at: Type.Union([Type.String(), Type.Null()]),
})
const Shown = Type.Intersect([
  Agent,
  Type.Object({
    may_delegate: Type.Union([Type.Array(Type.Unknown()), Type.Null()]),
    clients: Type.Array(Client),
    keys: Type.Array(Key),
    described: Type.Union([Described, Type.Null()], {
      description: 'what one that came by itself says of itself; else null',
    }),
  }),
])

async function shown(parts: ApiParts, name: string) {
  const agent = await findAgent(parts.agents.storage.read, name)
  if (!agent) throw new Problem('agent.unknown', `there is no agent \`${name}\``)
  const keys = await listKeys(parts.agents.storage.read, name)
  const nameOf = await personNames(parts, [agent.ownerId])
  return {
    ...agentShape(agent, nameOf(agent.ownerId)),
    may_delegate: agent.mayDelegate && [...agent.mayDelegate],
    clients: agent.clients.map(({ clientId, issuer }) => ({ issuer, client_id: clientId })),
    keys: keys.map(({ createdAt, kid, revokedAt, thumbprint }) => ({
      thumbprint,
      kid,
      created_at: time(createdAt),
      revoked: revokedAt !== undefined,
    })),
    described: await describedShape(parts, name),
  }
}

async function describedShape(parts: ApiParts, agentId: string) {
  const found = await findDescription(parts.agents.storage.read, agentId)
  if (!found) return null
  const { changedAt, clientName, noticedAt, proves, redirectUris } = found
  return {
    client_name: clientName,
    redirect_uris: [...redirectUris],
    redirect_hosts: [...new Set(redirectUris.map((uri) => new URL(uri).host))],
    methods: [...proves.methods],
    keys: [...proves.keys],
    noticed_at: time(noticedAt),
    changed_at: changedAt === null ? null : time(changedAt),
  }
}

const MayDelegate = Type.Union([Type.Array(Detail, { maxItems: 64 }), Type.Null()], {
  description: '`remit_delegate` details: the most it may hand to child tasks; null: what it holds',
})

export const AGENT_OPERATIONS = [
  operation({
    id: 'agents.list',
    method: 'GET',
    path: '/agents',
    says: 'Every agent.',
    who: 'person',
    widens: false,
    answer: listOf('agents', Agent),
    run: async (parts) => {
      const agents = await listAgents(parts.agents.storage.read, { limit: MOST_LISTED })
      const nameOf = await personNames(
        parts,
        agents.map(({ ownerId }) => ownerId),
      )
      return { agents: agents.map((agent) => agentShape(agent, nameOf(agent.ownerId))) }
    },
  }),
  operation({
    id: 'agents.show',
    method: 'GET',
    path: '/agents/:name',
    says: 'One agent with its keys and its clients at identity providers.',
    who: 'person',
    widens: false,
    params: ByName,
    answer: Shown,
    run: (parts, { params }) => shown(parts, params.name),
  }),
  operation({
    id: 'agents.register',
    method: 'POST',
    path: '/agents',
    says: 'Registers an agent. Its name is its id for ever; of the address of a metadata document the id is made.',
    who: 'administrator',
    widens: true,
    body: Type.Object(
      {
        name: NameOrUrl,
        description: Type.String({ maxLength: 500 }),
        owner: Type.Optional(Type.String({ description: 'a person id; the caller when left out' })),
        trust: Type.Integer({ minimum: 0, maximum: 3 }),
        ceiling: Type.Array(Detail, { maxItems: 64 }),
        may_delegate: Type.Optional(MayDelegate),
        keys: Type.Optional(
          Type.Array(Type.Unknown(), { maxItems: 8, description: 'public JWKs' }),
        ),
        clients: Type.Optional(Type.Array(Client, { maxItems: 8 })),
      },
      closed,
    ),
    answer: Shown,
    run: async (parts, { body, caller }) => {
      const { ceiling, clients = [], description, keys = [], name, owner, trust } = body
      await registerAgent(parts.agents, {
        name,
        description,
        ownerId: owner ?? caller.person.id,
        trust,
        ceiling,
        mayDelegate: body.may_delegate,
        keys,
        clients: clients.map(({ client_id, issuer }) => ({ issuer, clientId: client_id })),
        by: caller.person.id,
      })
      return shown(parts, agentIdOf(name))
    },
  }),
  operation({
    id: 'agents.set_limits',
    method: 'PUT',
    path: '/agents/:name/limits',
    says: 'Sets the ceiling (the most the agent may ever be given), what it may hand on, and the trust level.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object(
      {
        ceiling: Type.Optional(Type.Array(Detail, { maxItems: 64 })),
        may_delegate: Type.Optional(MayDelegate),
        trust: Type.Optional(Type.Integer({ minimum: 0, maximum: 3 })),
      },
      closed,
    ),
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      const by = caller.person.id
      const { ceiling, may_delegate: mayDelegate, trust } = body
      const agentId = params.name
      if (ceiling !== undefined || mayDelegate !== undefined) {
        const known = await findAgent(parts.agents.storage.read, agentId)
        const kept = ceiling ?? known?.ceiling ?? []
        await setCeiling(parts.agents, { agentId, ceiling: kept, mayDelegate, by })
      }
      if (trust !== undefined) await setTrust(parts.agents, { agentId: params.name, trust, by })
      return shown(parts, params.name)
    },
  }),
  operation({
    id: 'agents.set_notifications',
    method: 'PUT',
    path: '/agents/:name/notifications',
    says: 'Sets where the agent is told that somebody has answered what it waits for; null: it asks by itself.',
    who: 'administrator',
    widens: false,
    params: ByName,
    body: Type.Object({ at: Type.Union([Type.String(), Type.Null()]) }, closed),
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      await setNotifyAt(parts.agents, {
        agentId: params.name,
        notifyAt: body.at,
        allowLoopback: parts.development,
        by: caller.person.id,
      })
      return shown(parts, params.name)
    },
  }),
  operation({
    id: 'agents.set_certification',
    method: 'PUT',
    path: '/agents/:name/certification',
    says: 'Sets for how many days the word of its owner counts, from now; then it stops until the owner recertifies it. Null: no date.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object(
      { days: Type.Union([Type.Integer({ minimum: 1, maximum: 3650 }), Type.Null()]) },
      closed,
    ),
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      const change = { agentId: params.name, days: body.days, by: caller.person.id }
      await setCertification(parts.agents, change)
      return shown(parts, params.name)
    },
  }),
  operation({
    id: 'agents.recertify',
    method: 'POST',
    path: '/agents/:name/recertify',
    says: 'Says that the agent is still wanted, as its owner or an administrator: its date moves on. Wakes it if that date stopped it.',
    who: 'person',
    widens: true,
    params: ByName,
    answer: Shown,
    run: async (parts, { caller, params }) => {
      await recertifyAgent(parts.agents, {
        agentId: params.name,
        by: caller.person.id,
        mayFor: ({ ownerId }) => caller.administrator || ownerId === caller.person.id,
      })
      return shown(parts, params.name)
    },
  }),
  operation({
    id: 'agents.add_key',
    method: 'POST',
    path: '/agents/:name/keys',
    says: 'Adds a public key that the agent proves itself with.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object({ jwk: Type.Unknown() }, closed),
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      await addKey(parts.agents, { agentId: params.name, jwk: body.jwk, by: caller.person.id })
      return shown(parts, params.name)
    },
  }),
  operation({
    id: 'agents.revoke_key',
    method: 'DELETE',
    path: '/agents/:name/keys/:thumbprint',
    says: 'Revokes a key. It can never be added again.',
    who: 'administrator',
    widens: false,
    params: Type.Object(
      { name: Name, thumbprint: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) },
      closed,
    ),
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      await revokeKey(parts.agents, {
        agentId: params.name,
        thumbprint: params.thumbprint,
        by: caller.person.id,
      })
      return {}
    },
  }),
  operation({
    id: 'agents.link_client',
    method: 'POST',
    path: '/agents/:name/clients',
    says: 'Says which client at an identity provider is this agent, so that tokens given to it count.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Client,
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      const { client_id: clientId, issuer } = body
      await linkClient(parts.agents, {
        agentId: params.name,
        issuer,
        clientId,
        by: caller.person.id,
      })
      return shown(parts, params.name)
    },
  }),
  operation({
    id: 'agents.unlink_client',
    method: 'POST',
    path: '/agents/:name/clients/unlink',
    says: 'Takes that back: tokens given to that client count for nothing here any more. Resource tokens of the agent are dead, its tasks go on.',
    who: 'administrator',
    widens: false,
    params: ByName,
    body: Client,
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      const { client_id: clientId, issuer } = body
      const by = caller.person.id
      await unlinkClient(parts.agents, { agentId: params.name, issuer, clientId, by })
      return shown(parts, params.name)
    },
  }),
  ...(['suspend', 'resume', 'retire'] as const).map((act) =>
    operation({
      id: `agents.${act}`,
      method: 'POST',
      path: `/agents/:name/${act}`,
      says: {
        suspend: 'Stops everything the agent does, now. Answers when no replica permits any more.',
        resume: 'Lets a suspended agent work again. Resource tokens from before stay dead.',
        retire: 'Ends the agent and its tasks for good.',
      }[act],
      who: 'administrator',
      widens: act === 'resume',
      params: ByName,
      body: Reason,
      answer: Shown,
      run: async (parts, { body, caller, params }) => {
        const change = {
          agentId: params.name,
          by: caller.person.id,
          reason: body.reason ?? `${act} by an administrator`,
        }
        await { suspend: suspendAgent, resume: resumeAgent, retire: retireAgent }[act](
          parts.agents,
          change,
        )
        return shown(parts, params.name)
      },
    }),
  ),
]
