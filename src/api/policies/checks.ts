import { type Static, Type } from 'typebox'
import { type Check, checkCall } from '../../analysis/index.ts'
import { invalid } from '../../cedar/index.ts'
import { MAX_BYTES, PolicyText } from '../../operations/policies/schemas.ts'
import * as kit from '../../operations/schemas.ts'
import { checkPolicies, type GivenByName } from '../../policy/index.ts'
import { Ask, askShape, Gate, gateShape } from '../explanation.ts'
import { operation } from '../operation.ts'
import { schemaNow } from './policies.ts'

const closed = { additionalProperties: false } as const

/** What a check looked at says nothing of these. */
const NOT_LOOKED_AT = [
  'the task: what it was granted, its budget, its deadline',
  'the token and its proof, and where the call comes from',
  'standing limits',
  'spaces and who is in a conversation',
  'approvals and allowances that people have given',
  'external decision points',
] as const

const Shape = Type.Object({
  verdict: Type.Enum(['permit', 'deny', 'asks']),
  reason: Type.String({ description: 'a code; see docs/problems' }),
  detail: Type.String(),
  enough: Type.String({ description: 'what would be enough' }),
  person: Type.Object({
    id: Type.String(),
    name: Type.String(),
    groups: Type.Array(Type.String()),
  }),
  agent: Type.Object({ name: Type.String(), trust: Type.Integer() }),
  action: Type.String(),
  resource: Type.String(),
  risk: Type.String(),
  basis: Type.Enum(['covers', 'none', 'does not cover', 'not needed'], {
    description: 'what the agent was given to act for this person',
  }),
  depends_on: Type.Array(
    Type.String({ description: 'an argument that was not given and that the answer depends on' }),
  ),
  policy_version: Type.Union([Type.Integer(), Type.Null()], {
    description: 'null: the draft that was sent along',
  }),
  gates: Type.Array(Gate),
  ask: Type.Optional(Ask),
  not_looked_at: Type.Array(Type.String()),
})

const Arguments = Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
  description: 'by name; numbers may be texts, so that they stay exact',
  maxProperties: 200,
})

export const CHECK_OPERATIONS = [
  operation({
    id: 'checks.make',
    method: 'POST',
    path: '/checks',
    says: 'What would be answered to a call, as far as it can be told without a task. Nothing is used up, nobody is asked; recorded as a check.',
    who: 'administrator',
    widens: false,
    body: Type.Object(
      {
        person: Type.String({ maxLength: 64 }),
        nobody_present: Type.Optional(Type.Boolean({ description: 'the person is the sponsor' })),
        agent: kit.Name,
        action: Type.String({
          minLength: 1,
          maxLength: 300,
          description: 'a catalog name, or the end of one that no other has',
        }),
        arguments: Type.Optional(Arguments),
        policies: Type.Optional(PolicyText(kit)),
      },
      closed,
    ),
    bodyBytes: MAX_BYTES,
    answer: Shape,
    run: async (parts, { body, caller }) => {
      if (body.policies !== undefined) {
        const { mistakes } = await checkPolicies(parts.policy.storage.read, {
          text: body.policies,
          schema: await schemaNow(parts),
        })
        if (mistakes.length > 0) throw invalid(mistakes)
      }
      const check = await checkCall(parts.decisions, {
        personId: body.person,
        sponsored: body.nobody_present ?? false,
        agentId: body.agent,
        action: body.action,
        arguments: (body.arguments ?? {}) as GivenByName, // what JSON holds
        draft: body.policies,
        by: caller.person.id,
      })
      return checkShape(check)
    },
  }),
]

function checkShape(check: Check): Static<typeof Shape> {
  const { action, agent, ask, basis, dependsOn, gates, person, policyVersion, resource } = check
  return {
    verdict: check.verdict === 'requestable' ? 'asks' : check.verdict,
    reason: check.reason,
    detail: check.detail,
    enough: check.enough,
    person: { id: person.id, name: person.name, groups: [...person.groups] },
    agent: { name: agent.id, trust: agent.trust },
    action: action.name,
    resource: resource.name,
    risk: action.risk,
    basis,
    depends_on: [...dependsOn],
    policy_version: policyVersion ?? null,
    gates: gates.map(gateShape),
    ...(ask ? { ask: askShape(ask) } : {}),
    not_looked_at: [...NOT_LOOKED_AT],
  }
}
