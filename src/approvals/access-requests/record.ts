import type { LedgerEvent } from '../../platform/ledger/index.ts'
import type { AccessRequest } from './access-request.ts'

/** Part of a request that its records tell. */
export type RecordedMembers = Pick<
  AccessRequest,
  'id' | 'taskId' | 'personId' | 'agentId' | 'resource' | 'action' | 'callHash' | 'policyVersion'
>

/**
 * Members of every record about a request; what a person reads or writes is behind a salted
 * commitment.
 */
export function aboutRequest(
  type: `approval.${string}`,
  request: RecordedMembers,
  more: Partial<LedgerEvent> = {},
): LedgerEvent {
  return {
    type,
    requestId: request.id,
    task: request.taskId,
    person: request.personId,
    agent: request.agentId,
    resource: request.resource,
    action: request.action,
    callHash: request.callHash,
    policyVersion: request.policyVersion,
    ...more,
  }
}
