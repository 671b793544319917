import { Type } from 'typebox'
import { addKey, linkClient, revokeKey, unlinkClient } from '../../agents/index.ts'
import { ByName, Name, Nothing } from '../../operations/schemas.ts'
import { operation } from '../operation.ts'
import { Client, Shown, shownAgent } from './shown-agent.ts'

const closed = { additionalProperties: false } as const

/** What an agent is known by: its keys, and its clients at identity providers. */
export const AGENT_PROOF_OPERATIONS = [
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
      return shownAgent(parts, params.name)
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
      return shownAgent(parts, params.name)
    },
  }),
  operation({
    id: 'agents.unlink_client',
    method: 'POST',
    path: '/agents/:name/clients/unlink',
    says: 'Removes the link: tokens for that client are no longer accepted. Resource tokens of the agent stop working; its tasks go on.',
    who: 'administrator',
    widens: false,
    params: ByName,
    body: Client,
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      const { client_id: clientId, issuer } = body
      const by = caller.person.id
      await unlinkClient(parts.agents, { agentId: params.name, issuer, clientId, by })
      return shownAgent(parts, params.name)
    },
  }),
]
