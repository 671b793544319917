import type { CallFacts } from '@remit/engine'
import type { StoredDecision } from '../decision-log/index.ts'

/** A decision that was answered, and what it was made from. */
export interface AnsweredDecision {
  readonly row: Pick<
    StoredDecision,
    'id' | 'agentId' | 'action' | 'outcome' | 'reason' | 'policyVersion'
  >
  readonly facts: CallFacts
}

/**
 * Watcher of answers after they were given. INVARIANT: `offer` takes note and returns, and never
 * throws.
 */
export interface Watcher {
  offer(answered: AnsweredDecision): void
}
