import type { CallFacts, Decision, GateResult, PolicySet } from '@remit/engine'
import {
  decideAgain,
  type RecordedDecision,
  type ReplayedDecision,
} from '../../../tasks/decision-log/index.ts'

/** Kinds of change that another set of policies would make to a call. */
export const DIFFERENCES = ['denied', 'permitted', 'asks'] as const
export type DifferenceKind = (typeof DIFFERENCES)[number]

export interface DecisionDifference {
  /** New outcome: the call would be denied, permitted, or people would be asked. */
  readonly kind: DifferenceKind
  readonly before: RecordedDecision['outcome']
  /** The rules that make it so; of a denial that no rule forbids, those that permit it now. */
  readonly rules: readonly string[]
  readonly because: DifferenceCause
}

/**
 * `forbids`, `permits`, `asks`: rules of the draft do. `no_longer_permits`, `no_longer_forbids`: rules of the live set did. `error`: rules
 * of the draft that cannot be evaluated.
 */
export type DifferenceCause =
  | 'forbids'
  | 'permits'
  | 'asks'
  | 'no_longer_permits'
  | 'no_longer_forbids'
  | 'error'

export interface DecisionComparison {
  readonly difference: DecisionDifference | undefined
  /** Outcomes by the live set, and by the draft. */
  readonly before: RecordedDecision['outcome']
  readonly after: RecordedDecision['outcome']
}

export interface Sets {
  readonly live: PolicySet
  readonly draft: PolicySet
  /** The catalog is what the live version was published into: what the books say that it answered, it would answer now. */
  readonly asPublished: boolean
}

const KIND = { deny: 'denied', permit: 'permitted', requestable: 'asks' } as const

/**
 * Compares the answer of a draft to a call with that of the live set. Where the books say that the
 * live version decided the call, they are believed as long as the draft says the same: with the
 * version of a decision the answer is its own.
 */
export function differ(
  facts: CallFacts,
  row: Pick<RecordedDecision, 'outcome' | 'reason'> & { readonly policyVersion: number | null },
  { asPublished, draft, live }: Sets,
): DecisionComparison {
  const then = decideAgain(facts, row, draft)
  const recorded = row.policyVersion === live.version
  if (recorded && row.outcome === then.outcome)
    return { difference: undefined, before: row.outcome, after: then.outcome }
  let made: ReplayedDecision | undefined
  const now = () => {
    made ??= decideAgain(facts, row, live)
    return made
  }
  const before = recorded && asPublished ? row.outcome : now().outcome
  const both = { before, after: then.outcome }
  if (before === then.outcome) return { difference: undefined, ...both }
  const kind = KIND[then.outcome]
  return { difference: { kind, before, ...whyOf(now, then) }, ...both }
}

/** `now`: by the live set, made when it is asked for. */
function whyOf(
  now: () => ReplayedDecision,
  then: ReplayedDecision,
): Pick<DecisionDifference, 'rules' | 'because'> {
  const { decision } = then
  if (decision.outcome === 'requestable' && then.outcome === 'requestable')
    return { because: 'asks', rules: unique(decision.ask.forbids.map(({ id }) => id)) }
  if (decision.outcome === 'permit') return whyPermitted(now().decision, decision)
  if (decision.reason === 'policy.error') return { because: 'error', rules: refusing(decision) }
  const forbidding = refusing(decision)
  if (forbidding.length > 0) return { because: 'forbids', rules: forbidding }
  // No rule forbids it: what permitted it is gone, for those who are not permitted any more.
  const failed = new Set(decision.gates.filter(({ passed }) => !passed).map(whoOf))
  const gone = now().decision.gates.filter((gate) => isJudged(gate) && failed.has(whoOf(gate)))
  return { because: 'no_longer_permits', rules: policiesOf(gone) }
}

function whyPermitted(
  now: Decision,
  then: Decision,
): Pick<DecisionDifference, 'rules' | 'because'> {
  const lifted = now.outcome === 'requestable' ? now.ask.forbids.map(({ id }) => id) : []
  const stood = unique([...lifted, ...refusing(now)])
  if (stood.length > 0) return { because: 'no_longer_forbids', rules: stood }
  const refused = new Set(now.gates.filter(({ passed }) => !passed).map(whoOf))
  const permitting = then.gates.filter((gate) => isJudged(gate) && refused.has(whoOf(gate)))
  return { because: 'permits', rules: policiesOf(permitting) }
}

/** Tells whether policies answer this gate. */
function isJudged({ gate }: GateResult): boolean {
  return gate === 'person' || gate === 'agent'
}

function refusing({ gates }: Decision): readonly string[] {
  return policiesOf(gates.filter((gate) => isJudged(gate) && !gate.passed))
}

function policiesOf(gates: readonly GateResult[]): readonly string[] {
  return unique(gates.flatMap(({ policies = [] }) => policies))
}

function whoOf({ gate, subject = '' }: GateResult): string {
  return `${gate} ${subject}`
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)].toSorted()
}
