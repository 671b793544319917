import type { Counter, Histogram } from '@opentelemetry/api'
import type { CallObserver } from '../../calls/calls/index.ts'
import { isProblemCode } from '../../platform/lib/problem.ts'
import { activeTrace } from '../../platform/lib/trace.ts'
import type { Instruments } from './instruments.ts'

/** Reasons of decisions that are no problems. */
const REASONS = new Set(['permitted', 'allowance.used'])

/** Counts decisions, and how calls ended. */
export class ObservedCalls implements CallObserver {
  readonly #decisions: Counter
  readonly #ended: Counter
  readonly #upstream: Histogram

  constructor(instruments: Instruments) {
    this.#decisions = instruments.counter('remit.decisions')
    this.#ended = instruments.counter('remit.calls.ended')
    this.#upstream = instruments.histogram('remit.upstream.duration')
  }

  decided({ id, outcome, reason }: Parameters<CallObserver['decided']>[0]): void {
    this.#decisions.add(1, { outcome, reason: known(reason) })
    const trace = activeTrace()
    trace?.note('remit.decision.id', id)
    trace?.note('remit.decision.outcome', outcome)
    trace?.note('remit.decision.reason', known(reason))
  }

  ended({ latencyMs, reason, state }: Parameters<CallObserver['ended']>[0]): void {
    this.#ended.add(1, { state, reason: reason === undefined ? 'none' : known(reason) })
    if (latencyMs !== undefined && state !== 'not_sent')
      this.#upstream.record(latencyMs / 1_000, { state })
  }
}

/** Answers a reason of ours, because APIs can report any text as the reason of their own calls. */
function known(reason: string): string {
  return isProblemCode(reason) || REASONS.has(reason) ? reason : 'other'
}
