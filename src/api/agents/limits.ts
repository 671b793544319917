import { Type } from 'typebox'
import {
  findAgent,
  recertifyAgent,
  setCeiling,
  setCertification,
  setNotifyAt,
  setTrust,
} from '../../agents/index.ts'
import { ByName, Detail } from '../../operations/schemas.ts'
import { operation } from '../operation.ts'
import { MayDelegate } from './may-delegate.ts'
import { Shown, shownAgent } from './shown-agent.ts'

const closed = { additionalProperties: false } as const

/** How much an agent may be given, where it is told things, and for how long it is wanted. */
export const AGENT_LIMIT_OPERATIONS = [
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
      return shownAgent(parts, params.name)
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
      return shownAgent(parts, params.name)
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
      return shownAgent(parts, params.name)
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
      return shownAgent(parts, params.name)
    },
  }),
]
