import type { Obligation } from '@remit/engine'
import type { Step } from '../../../platform/storage/index.ts'
import type { ReportedAmount } from '../../../tasks/budgets/index.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import { endSettled, OUTCOME_GUARD } from '../outcome.ts'
import type { CallParts } from '../parts.ts'
import type { CallEnding } from '../settlement/outcome-record.ts'
import type { DenyVerdict, PermitVerdict } from '../verdict.ts'
import { continueCall } from './continue-call.ts'
import { keepStep, keptFor, MAX_KEPT_MS } from './kept-result.ts'

/** Answer with which a deferred call ends, and how its permit obliges to tell it. */
interface FinalAnswer {
  readonly text: string
  readonly obligations: readonly Obligation[]
  /** Epoch milliseconds: the answer is not told later, and at most for an hour. */
  readonly until: number
}

/**
 * A permitted call that goes on after its request: who asks about it, at whatever replica, finds out
 * how it ends, and records that. Code that leaves it open keeps the parts that a poll needs.
 */
export class DeferredCall {
  readonly #parts: CallParts
  readonly #decisionId: string

  constructor(parts: CallParts, decisionId: string) {
    this.#parts = parts
    this.#decisionId = decisionId
  }

  /** Leaves the call open. `steps`: keep what it takes to ask about it. */
  async leaveOpen(steps: readonly Step[]): Promise<void> {
    const { flights, storage } = this.#parts
    const done = await storage.commit(steps)
    if (!done.committed) throw done.failed.problem()
    flights.end(this.#decisionId)
  }

  /** Decides whether it may go on for its caller (`continueCall`). */
  decide(call: Call): Promise<PermitVerdict | DenyVerdict> {
    return continueCall(this.#parts, call, this.#decisionId)
  }

  /**
   * Records the outcome, with the answer and `steps` in one transaction. False: it has ended before,
   * and nothing was done.
   */
  async end(
    ending: CallEnding & { readonly said: ReportedAmount },
    steps: readonly Step[],
    answer?: FinalAnswer,
  ): Promise<boolean> {
    const parts = this.#parts
    const decisionId = this.#decisionId
    const until = answer && Math.min(answer.until, parts.clock.now() + MAX_KEPT_MS)
    const kept = answer && until ? [keepStep(parts, { ...answer, decisionId }, until)] : []
    const ends = await endSettled(parts, decisionId, ending)
    const done = await parts.storage.commit([...ends, ...kept, ...steps])
    if (!done.committed && done.failed !== OUTCOME_GUARD) throw done.failed.problem()
    return done.committed
  }

  /** Reads the answer that it ended with, for a permit with these obligations (`keptFor`). */
  answer(obligations: readonly Obligation[]): ReturnType<typeof keptFor> {
    return keptFor(this.#parts, this.#decisionId, obligations)
  }
}
