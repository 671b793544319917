import type { LedgerEvent } from '../../platform/ledger/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import type { Step } from '../../platform/storage/index.ts'
import {
  insertDecisionQuery,
  issuanceInputs,
  type JudgedIssuance,
  type StoredDecision,
  type StoredGate,
} from '../../tasks/decision-log/index.ts'
import type { FactParts } from '../../tasks/facts/index.ts'

const ENOUGH = {
  'issuance.forbidden': 'another grant or resource, as far as the rules about `issue` go',
  'issuance.needs_approval': 'the approval of those whom the rules name',
  'policy.error': 'nothing that the caller can do: an administrator has to look at this decision',
} as const

/** The row that `explain` reads of an issuance that was refused, or waits for people. */
export function issuanceRow(
  { clock, live, storage }: Pick<FactParts, 'clock' | 'live' | 'storage'>,
  judged: JudgedIssuance,
  as: {
    readonly id: Id<'decision'>
    readonly detail: string
    readonly about: Partial<LedgerEvent>
    readonly requestId?: Id<'request'>
  },
): Step['query'] {
  const { action, answer, policyVersion, resource } = judged
  const asks = answer.reason === 'issuance.needs_approval'
  const row: StoredDecision = {
    ...{ id: as.id, action, resource, policyVersion },
    taskId: as.about.task ?? null,
    personId: as.about.person ?? null,
    agentId: as.about.agent ?? null,
    outcome: asks ? 'requestable' : 'deny',
    reason: asks ? 'issuance.approval_pending' : answer.reason,
    callHash: null,
    requestId: as.requestId ?? null,
    allowanceId: null,
    explanation: { gates: [gateOf(judged)], detail: as.detail, enough: ENOUGH[answer.reason] },
    state: 'decided',
    status: null,
    replicaId: live.replicaId,
    at: clock.now(),
    endedAt: null,
    presumedAt: null,
  }
  const from = { inputs: issuanceInputs(judged), setting: null }
  return insertDecisionQuery(storage.read, row, from)
}

/** Names the gate: whom it was about, and by which rules. */
function gateOf({ answer, facts }: JudgedIssuance): StoredGate {
  const { policies, reason, subject } = answer
  if (reason === 'issuance.needs_approval')
    return { gate: 'approval', passed: false, reason: 'issuance.approval_pending', policies }
  const people = [facts.person, ...facts.intersectWith]
  const gate = people.some(({ uid }) => uid.id === subject) ? 'person' : 'agent'
  return { gate, passed: false, reason, subject, policies }
}
