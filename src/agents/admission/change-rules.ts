import { isName } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import { readCeiling, readMayDelegate, readTrust } from '../limits.ts'
import type { AgentParts } from '../parts.ts'
import { requireOwner } from '../register.ts'
import type { AdmissionRule } from './admission-rule.ts'
import { deleteRule, insertRule } from './admission-store.ts'
import { isHostPattern } from './match-rule.ts'

/** A rule as an administrator describes it. What is `unknown` here is read strictly. */
export interface RuleDescription {
  readonly name: string
  readonly redirectHosts: readonly string[]
  readonly trust: unknown
  readonly ceiling: unknown
  readonly mayDelegate?: unknown
  readonly ownerId: string
  readonly by: string
}

const MOST_HOSTS = 32

/**
 * Adds a rule: clients that match from now on are let in by it. Those that came before stay as they are.
 * @throws Problem `admission.bad_rule`, `admission.exists`, `agent.bad_trust`, `agent.bad_ceiling`, `agent.bad_owner`
 */
export async function addAdmissionRule(
  parts: AgentParts,
  described: RuleDescription,
): Promise<AdmissionRule> {
  const { name, redirectHosts, ownerId, by } = described
  if (!isName(name)) throw badRule(`\`${name}\` is not a name: lower-case letters, digits, hyphens`)
  if (redirectHosts.length === 0 || redirectHosts.length > MOST_HOSTS)
    throw badRule(`name 1 to ${MOST_HOSTS} hosts that answers may be sent to`)
  const wrong = redirectHosts.find((host) => !isHostPattern(host))
  if (wrong !== undefined)
    throw badRule(
      `\`${wrong}\` is neither a host in lower case, \`*.\` and a host, nor \`localhost\`${/^(?:127\.|\[?::1)/.test(wrong) ? '; for this computer say `localhost`' : ''}`,
    )
  const rule: AdmissionRule = {
    name,
    mode: 'dynamic',
    redirectHosts: [...new Set(redirectHosts)],
    trust: readTrust(described.trust),
    ceiling: readCeiling(described.ceiling),
    mayDelegate: readMayDelegate(described.mayDelegate ?? null),
    ownerId,
    createdBy: by,
    createdAt: parts.clock.now(),
  }
  await parts.storage.transaction(async (tx) => {
    await requireOwner(tx, ownerId)
    if (!(await insertRule(tx, rule)))
      throw new Problem('admission.exists', `there is a rule \`${name}\` already`)
    await parts.ledger.append(tx, {
      type: 'admission.rule_added',
      by,
      facts: {
        rule: name,
        mode: rule.mode,
        redirect_hosts: rule.redirectHosts,
        trust: rule.trust,
        ceiling: rule.ceiling,
        may_delegate: rule.mayDelegate,
        owner: ownerId,
      },
    })
  })
  return rule
}

/**
 * Removes a rule: nobody else is let in by it. Agents that were let in stay; retiring them ends them. Who matched it may match a
 * later rule from now on.
 * @throws Problem `admission.unknown`
 */
export async function removeAdmissionRule(
  parts: AgentParts,
  { name, by }: { name: string; by: string },
): Promise<void> {
  await parts.storage.transaction(async (tx) => {
    if (!(await deleteRule(tx, name)))
      throw new Problem('admission.unknown', `there is no rule \`${name}\``)
    await parts.ledger.append(tx, { type: 'admission.rule_removed', by, facts: { rule: name } })
  })
}

function badRule(detail: string): Problem {
  return new Problem('admission.bad_rule', detail)
}
