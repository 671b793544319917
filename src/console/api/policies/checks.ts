import { invalidPolicies } from '../../../policy/cedar/index.ts'
import { checkPolicies, type GivenByName } from '../../../policy/policy/index.ts'
import { CHECKS } from '../../api-operations/decisions/checks.ts'
import { type Check, checkCall } from '../../reach/index.ts'
import { askShape, gateShape } from '../explanation.ts'
import { acts } from '../operation.ts'
import { schemaNow } from './schema-now.ts'

/** Subjects that a check does not look at. */
const NOT_LOOKED_AT = [
  'the task: what it was granted, its budget, its deadline',
  'the token and its proof, and where the call comes from',
  'standing limits',
  'spaces and who is in a conversation',
  'approvals and allowances that people have given',
  'external decision points',
] as const

export const CHECK_OPERATIONS = acts(CHECKS, {
  make: async (parts, { body, caller }) => {
    if (body.policies !== undefined) {
      const { mistakes } = await checkPolicies(parts.policy.storage.read, {
        text: body.policies,
        schema: await schemaNow(parts),
      })
      if (mistakes.length > 0) throw invalidPolicies(mistakes)
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
})

function checkShape(check: Check) {
  const { action, agent, ask, basis, dependsOn, gates, person, policyVersion, resource } = check
  const { detail, enough, reason, verdict } = check
  return {
    ...{ reason, detail, enough, basis },
    verdict: verdict === 'requestable' ? ('asks' as const) : verdict,
    person: { id: person.id, name: person.name, groups: person.groups },
    agent: { name: agent.id, trust: agent.trust },
    action: action.name,
    resource: resource.name,
    risk: action.risk,
    depends_on: dependsOn,
    policy_version: policyVersion ?? null,
    gates: gates.map(gateShape),
    ...(ask ? { ask: askShape(ask) } : {}),
    not_looked_at: NOT_LOOKED_AT,
  }
}
