import {
  type Bookkeeping,
  bookkeepingOf,
  type CallerTally,
  type RefusedCaller,
} from '../../platform/ledger/index.ts'
import { CHALLENGE } from '../../tasks/decision-log/index.ts'
import type { FactParts } from '../../tasks/facts/index.ts'
import type { RecordedRequest } from './case.ts'

interface LedgerPart {
  readonly ledger: {
    readonly refusals: CallerTally & Pick<FactParts['ledger']['refusals'], 'countStranger'>
  }
}

/**
 * Answers whose refusal it is; `undefined`: a stranger's. A token that we issued names its task,
 * also where the proof beside it is no good.
 * INVARIANT: nothing that a stranger says of themselves is in it.
 */
function callerOf(
  { who }: Pick<RecordedRequest, 'who'>,
  reason: string,
): RefusedCaller | undefined {
  if (who.known) return { task: who.held.task.id, agent: who.held.task.agentId, reason }
  return who.claims && { task: who.claims.task.id, reason }
}

/** Tells whether nothing is known of who called. */
export function isStranger({ who }: Pick<RecordedRequest, 'who'>): boolean {
  return !who.known && who.claims === undefined
}

/** INVARIANT: asked once for each refusal, because asking counts it. */
export function bookkeepingFor(
  { ledger: { refusals } }: LedgerPart,
  each: Pick<RecordedRequest, 'who' | 'call' | 'pep'>,
  reason: string,
): Bookkeeping {
  const caller = callerOf(each, reason)
  if (caller) return bookkeepingOf(refusals, caller)
  const { pep } = each
  const { ip } = each.call.origin
  if (reason !== CHALLENGE)
    refusals.countStranger({ at: 'call', reason, ...(pep === undefined ? { ip } : { pep }) })
  return { as: 'stranger' }
}
