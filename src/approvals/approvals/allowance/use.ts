import type { Risk } from '@remit/engine'
import { Guard, type Step } from '../../../platform/storage/index.ts'
import {
  type ApprovalParts,
  isEnough,
  type Leaf,
  presentQuestion,
} from '../../access-requests/index.ts'
import { approverIds, approversOf } from '../approvers.ts'
import type { Allowance } from './allowance.ts'
import { allowancesFor, returnAllowanceQuery, useAllowanceQuery } from './allowance-store.ts'
import { patternAdmits } from './pattern.ts'
import { aboutAllowance } from './record.ts'

/** Fails when an allowance is used up, ended or too late. */
export const ALLOWANCE_GUARD = new Guard('usable allowance')
const RETURN_GUARD = new Guard('used allowance')

/** Time before any escalation: the giver of an allowance had been asked by then. */
export const ESCALATED_LONG_AGO = 0

/** A call that an allowance may be for, as the catalog describes it now. */
export interface DescribedCall {
  readonly taskId: string
  readonly personId: string
  /** Person who asks in the conversation, where that is another person. */
  readonly requesterId?: string | undefined
  readonly agentId: string
  readonly chain: readonly string[]
  readonly sponsored: boolean
  readonly resource: string
  readonly upstream: string
  readonly action: string
  readonly definition: string
  readonly risk: Risk
  /** False: the task has no key, so a thief of its token could make the call. */
  readonly bound: boolean
  /** `undefined`: parts of it have no type. */
  readonly leaves: readonly Leaf[] | undefined
}

/** An allowance that means a call, with the people whose word it is: when one of them ends, it ends. */
export interface UsableAllowance {
  readonly allowance: Allowance
  readonly approvers: readonly string[]
}

/**
 * The allowances that mean this call and whose givers may still give them. Whether one lifts all that stands in
 * the way is for the gates to say.
 */
export async function usableAllowances(
  parts: Pick<ApprovalParts, 'storage'>,
  call: DescribedCall,
  now: number,
): Promise<UsableAllowance[]> {
  const { read } = parts.storage
  if (call.risk === 'critical' || call.leaves === undefined) return []
  // INVARIANT: without a key, a call of high risk is looked at each time (contract 13.7).
  if (call.risk === 'high' && !call.bound) return []
  const usable: UsableAllowance[] = []
  for (const allowance of await allowancesFor(read, call, now)) {
    if (!means(allowance, call, call.leaves)) continue
    const { approvers, denied } = await approversOf(read, { id: allowance.requestId }, now)
    // INVARIANT: eligibility is checked again at each use: a word counts while its giver may give it.
    const { requesterId, taskId } = call
    const asked = { ...allowance, taskId, createdAt: ESCALATED_LONG_AGO }
    const today = await presentQuestion(
      read,
      requesterId === undefined ? asked : { ...asked, requesterId },
      now,
    )
    if (denied || !isEnough(approvers, today)) continue
    usable.push({ allowance, approvers: approverIds(approvers) })
  }
  return usable
}

/** Same line of agents, same place, same description of the action, and inside the pattern. */
function means(allowance: Allowance, call: DescribedCall, leaves: readonly Leaf[]): boolean {
  return (
    allowance.resource === call.resource &&
    allowance.upstream === call.upstream &&
    allowance.definition === call.definition &&
    allowance.sponsored === call.sponsored &&
    allowance.chain.join('\n') === call.chain.join('\n') &&
    patternAdmits(allowance.pattern, leaves)
  )
}

/** One use, for the transaction that reserves the call. */
export function useAllowanceSteps(
  parts: Pick<ApprovalParts, 'storage' | 'ledger' | 'clock'>,
  allowance: Allowance,
  by: { readonly decisionId: string; readonly taskId: string },
): Step[] {
  return [
    {
      guard: ALLOWANCE_GUARD,
      query: useAllowanceQuery(parts.storage.read, allowance.id, parts.clock.now()),
      rows: 1,
    },
    parts.ledger.appendStep(
      aboutAllowance('allowance.used', allowance, { decisionId: by.decisionId, task: by.taskId }),
    ),
  ]
}

/** Gives a use back because provably no byte was sent, for the transaction that says so: that happens once. */
export function returnAllowanceSteps(
  parts: Pick<ApprovalParts, 'storage' | 'ledger'>,
  allowance: Allowance,
  by: { readonly decisionId: string; readonly taskId: string | null },
): Step[] {
  return [
    {
      guard: RETURN_GUARD,
      query: returnAllowanceQuery(parts.storage.read, allowance.id),
      rows: 1,
    },
    parts.ledger.appendStep(
      aboutAllowance('allowance.returned', allowance, {
        decisionId: by.decisionId,
        ...(by.taskId === null ? {} : { task: by.taskId }),
      }),
    ),
  ]
}
