import type { LedgerEvent } from '../../../platform/ledger/index.ts'
import type { Allowance } from './allowance.ts'

/**
 * Members of every record about an allowance. Its pattern and its words are behind salted
 * commitments.
 */
export function aboutAllowance(
  type: `allowance.${string}`,
  allowance: Allowance,
  more: Partial<LedgerEvent> = {},
): LedgerEvent {
  return {
    type,
    requestId: allowance.requestId,
    ...(allowance.taskId === null ? {} : { task: allowance.taskId }),
    person: allowance.personId,
    agent: allowance.agentId,
    resource: allowance.resource,
    action: allowance.action,
    ...more,
    facts: { allowance: allowance.id, ...more.facts },
  }
}
