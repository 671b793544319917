import { Type } from 'typebox'
import { registerAgent, resumeAgent, retireAgent, suspendAgent } from '../../agents/index.ts'
import { agentIdOf } from '../../lib/client-url.ts'
import { ByName, Detail, Reason } from '../../operations/schemas.ts'
import { operation } from '../operation.ts'
import { AGENT_LIMIT_OPERATIONS } from './limits.ts'
import { listOperation } from './list.ts'
import { MayDelegate } from './may-delegate.ts'
import { AGENT_PROOF_OPERATIONS } from './proofs.ts'
import { Client, Shown, shownAgent } from './shown-agent.ts'

const closed = { additionalProperties: false } as const
const NameOrUrl = Type.String({
  maxLength: 512,
  pattern: '^(?:[a-z][a-z0-9-]{0,61}[a-z0-9]|https://[!-~]+)$',
  description:
    'lower-case letters, digits and hyphens; or the address of the metadata document of a client',
})

export const AGENT_OPERATIONS = [
  listOperation,
  operation({
    id: 'agents.show',
    method: 'GET',
    path: '/agents/:name',
    says: 'One agent that one answers for, or any for administrators, with its keys and its clients at identity providers.',
    who: 'person',
    widens: false,
    params: ByName,
    answer: Shown,
    run: (parts, { caller, params }) =>
      shownAgent(parts, params.name, caller.administrator ? undefined : caller.person.id),
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
      return shownAgent(parts, agentIdOf(name))
    },
  }),
  ...AGENT_LIMIT_OPERATIONS,
  ...AGENT_PROOF_OPERATIONS,
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
        return shownAgent(parts, params.name)
      },
    }),
  ),
]
