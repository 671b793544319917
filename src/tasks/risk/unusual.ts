import { type StoredRisk, tellable } from './stored-risk.ts'

/** Findings about a call beside what its agent did before, in words; the strongest of each kind. */
export interface UnusualFacts {
  readonly unusual: readonly string[]
  /** Size of the call by the median of this agent's in 30 days, such as `1.25`; `undefined`: nothing is usual yet. */
  readonly sizeRatio: string | undefined
}

/** Signals of risk that tell an approver nothing: the class stands elsewhere, and people see the time themselves. */
const NOT_TOLD = /^(?:class|hour)(?:\.|$)/

/**
 * Takes the unusual signals from the risk that was recorded when the call was decided. INVARIANT: nothing that other systems report
 * (`tellable`): a watched person may be the one who looks.
 */
export function unusualIn(risk: StoredRisk | undefined): UnusualFacts {
  const signals = risk ? tellable(risk).signals : []
  const names = new Set(signals.map(({ signal }) => signal))
  const isWeaker = (signal: string) =>
    names.has(`${signal}.high`) ||
    (names.has('first.agent') && signal !== 'first.agent' && signal.startsWith('first.'))
  const told = signals.filter(({ signal }) => !NOT_TOLD.test(signal) && !isWeaker(signal))
  return {
    sizeRatio: names.has('size') ? undefined : risk?.sizeRatio,
    unusual: told.map(({ says }) => says),
  }
}
