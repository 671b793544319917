import type { CallFacts } from '@remit/engine'
import type { StoredDecision } from '../../tasks/decision-log/index.ts'
import type { Outcome } from './settlement/outcome-record.ts'

/** A decision that was answered, and what it was made from. */
export interface AnsweredDecision {
  readonly row: Pick<
    StoredDecision,
    'id' | 'agentId' | 'action' | 'outcome' | 'reason' | 'policyVersion'
  >
  readonly facts: CallFacts
}

/** Counts decisions and how calls ended, once that is durable. Takes note and returns; never throws. */
export interface CallObserver {
  decided(decision: Pick<StoredDecision, 'id' | 'outcome' | 'reason'>): void
  ended(outcome: Pick<Outcome, 'latencyMs' | 'reason' | 'state'>): void
}

/** Observer that counts nothing. */
export const UNCOUNTED: CallObserver = { decided: () => {}, ended: () => {} }

/**
 * Watcher of answers after they were given. INVARIANT: `offer` takes note and returns, and never
 * throws.
 */
export interface Watcher {
  offer(answered: AnsweredDecision): void
}
