import { isName } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  type AgentParts,
  readCeiling,
  readMayDelegate,
  readTrust,
  requireOwner,
} from '../../agents/index.ts'
import type { AdmissionMode, AdmissionRule, KeyChange } from './admission-rule.ts'
import { deleteRule, insertRule } from './admission-store.ts'
import { isHostPattern } from './match-rule.ts'

/** A rule as an administrator describes it. `unknown` members are read strictly. */
export interface RuleDescription {
  readonly name: string
  /** Left out: `document` when it names hosts of documents. */
  readonly mode?: AdmissionMode | undefined
  readonly redirectHosts: readonly string[]
  readonly documentHosts?: readonly string[] | undefined
  readonly softwareIds?: readonly string[] | undefined
  /** Left out: people are asked again. */
  readonly keyChange?: KeyChange | undefined
  readonly trust: unknown
  readonly ceiling: unknown
  readonly mayDelegate?: unknown
  readonly ownerId: string
  readonly by: string
}

const MAX_HOSTS = 32

/**
 * Adds a rule: clients that match from now on are let in by it. Those that came before stay as they are.
 * @throws Problem `admission.bad_rule`, `admission.exists`, `agent.bad_trust`, `agent.bad_ceiling`, `agent.bad_owner`
 */
export async function addAdmissionRule(
  parts: AgentParts,
  described: RuleDescription,
): Promise<AdmissionRule> {
  const { name, ownerId, by } = described
  if (!isName(name)) throw badRule(`\`${name}\` is not a name: lower-case letters, digits, hyphens`)
  const rule: AdmissionRule = {
    name,
    ...matchedBy(described),
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
        document_hosts: rule.documentHosts.length > 0 ? rule.documentHosts : undefined,
        software_ids: rule.softwareIds.length > 0 ? rule.softwareIds : undefined,
        key_change: rule.mode === 'document' ? rule.keyChange : undefined,
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
 * Removes a rule: it admits no further clients. Agents that were let in stay; retiring them ends them. Who matched it may match a
 * later rule from now on.
 * @throws Problem `admission.unknown`
 */
export async function removeAdmissionRule(
  parts: AgentParts,
  { name, by }: { name: string; by: string },
): Promise<void> {
  await parts.storage.lanes.revocation.transaction(async (tx) => {
    if (!(await deleteRule(tx, name)))
      throw new Problem('admission.unknown', `there is no rule \`${name}\``)
    await parts.ledger.append(tx, { type: 'admission.rule_removed', by, facts: { rule: name } })
  })
}

/** Reads whom the rule lets in. What one mode does not look at is not taken with the other. */
function matchedBy({
  documentHosts = [],
  keyChange = 'ask',
  mode = documentHosts.length > 0 ? 'document' : 'dynamic',
  redirectHosts,
  softwareIds = [],
}: RuleDescription): Pick<
  AdmissionRule,
  'mode' | 'redirectHosts' | 'documentHosts' | 'softwareIds' | 'keyChange'
> {
  checkHosts(redirectHosts, mode === 'dynamic' ? 'hosts that answers may be sent to' : undefined)
  checkHosts(documentHosts, mode === 'document' ? 'hosts that documents are at' : undefined)
  if (mode === 'dynamic' && documentHosts.length > 0)
    throw badRule('clients that registered have no documents')
  if (mode === 'document' && softwareIds.length > 0)
    throw badRule('`software_id` is asked of clients that registered only')
  if (softwareIds.length > MAX_HOSTS || !softwareIds.every((id) => /^[\x21-\x7e]{1,128}$/.test(id)))
    throw badRule(`name at most ${MAX_HOSTS} software ids of 1 to 128 characters without spaces`)
  return {
    mode,
    redirectHosts: [...new Set(redirectHosts)],
    documentHosts: [...new Set(documentHosts)],
    softwareIds: [...new Set(softwareIds)],
    keyChange,
  }
}

function checkHosts(hosts: readonly string[], needed: string | undefined): void {
  if (hosts.length > MAX_HOSTS || (needed !== undefined && hosts.length === 0))
    throw badRule(`name 1 to ${MAX_HOSTS} ${needed ?? 'hosts'}`)
  const wrong = hosts.find((host) => !isHostPattern(host))
  if (wrong !== undefined)
    throw badRule(
      `\`${wrong}\` is neither a host in lower case, \`*.\` and a host, nor \`localhost\`${/^(?:127\.|\[?::1)/.test(wrong) ? '; for this computer say `localhost`' : ''}`,
    )
}

function badRule(detail: string): Problem {
  return new Problem('admission.bad_rule', detail)
}
