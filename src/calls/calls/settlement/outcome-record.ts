import type { LedgerEvent } from '../../../platform/ledger/index.ts'
import type { ReportedAmount } from '../../../tasks/budgets/index.ts'

/** Outcome of a call that was permitted. */
export interface Outcome {
  /**
   * `answered`: the API answered, whatever it said. `failed`: something was sent, and no whole answer came.
   * `not_sent`: provably no byte was sent.
   */
  readonly state: 'answered' | 'failed' | 'not_sent'
  readonly status?: number | undefined
  readonly latencyMs?: number | undefined
  /** Digest of the answer's body, base64url. */
  readonly digest?: string | undefined
  /** Code of the reason why it was not sent or failed. */
  readonly reason?: string | undefined
  /**
   * Amounts that the answer reports, or why it reports none, where the permit `settles` something
   * by it.
   */
  readonly said?: ReportedAmount | undefined
}

/** Outcome of a call, or the presumption that none will ever be reported. */
export type CallEnding = Omit<Outcome, 'state' | 'said'> & {
  readonly state: Outcome['state'] | 'indeterminate'
}

/** The record of an ending. The intent says all the rest. */
export function outcomeRecord(
  decisionId: string,
  { digest, latencyMs, reason, state, status }: CallEnding,
): LedgerEvent {
  return {
    type: 'decision.outcome',
    decisionId,
    outcome: state,
    ...(reason === undefined ? {} : { reason }),
    ...(status === undefined
      ? {}
      : {
          upstream: {
            status,
            ...(digest === undefined ? {} : { digest }),
            ...(latencyMs === undefined ? {} : { latencyMs }),
          },
        }),
  }
}
