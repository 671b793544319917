import type { PolicyQuery, queriesOf } from '@remit/engine'
import {
  ExplainedQuery,
  type ExplainedRule,
  type NearPermit,
  type RulesOf,
} from '../../policy/policy/index.ts'
import type { StoredGate } from '../decision-log/index.ts'

/** A gate with the rules behind it. Operators see all of it; of `hints`, everybody. */
export interface OperatorGate extends BareGate {
  /** The policies that determined it, as they were written, and what made them hold. */
  readonly policies: readonly ExplainedRule[]
  /** Permits that came nearest, and what they lacked; where nothing permitted it. */
  readonly nearest: readonly NearPermit[]
}
type BareGate = Omit<StoredGate, 'policies'>

/** `queries`: what policies were asked, where that is known. Without them rules are shown as they stand, and none are looked for. */
export function explainGates(
  gates: readonly StoredGate[],
  queries: (() => ReturnType<typeof queriesOf>) | undefined,
  rules: RulesOf | undefined,
): readonly OperatorGate[] {
  const asked = rules && queries ? questions(queries, rules) : []
  return gates.map(({ policies: ids = [], ...gate }) => ({
    ...gate,
    policies: ids.flatMap((id) => determining(id, gate, asked, rules) ?? []),
    nearest: isSilent(gate, ids) ? nearest(gate, asked) : [],
  }))
}

interface Question {
  readonly gate: 'person' | 'agent'
  readonly query: PolicyQuery
  readonly explained: ExplainedQuery
}

function questions(
  queries: () => ReturnType<typeof queriesOf>,
  rules: RulesOf,
): readonly Question[] {
  try {
    return queries().map(({ gate, query }) => ({
      gate,
      query,
      explained: new ExplainedQuery(query, rules),
    }))
  } catch {
    // Facts that policies could not look at: the gates say so themselves.
    return []
  }
}

/** Tells whether nothing permitted it: no rule determined that, and none failed. */
function isSilent(gate: BareGate, ids: readonly string[]): boolean {
  const { passed, note } = gate
  return (
    (gate.gate === 'person' || gate.gate === 'agent') &&
    !passed &&
    ids.length === 0 &&
    note === undefined
  )
}

function determining(
  id: string,
  gate: BareGate,
  asked: readonly Question[],
  rules: RulesOf | undefined,
): ExplainedRule | undefined {
  // What people have to lift stands in the way of one of the principals, whichever.
  const [first] = asked.filter((each) => gate.gate === 'approval' || isAbout(each, gate))
  const own = gate.gate === 'approval' ? holding(id, asked) : first
  if (own) return own.explained.determining(id)
  const rule = rules?.byId(id)
  if (!rule) return undefined
  const { json: _, ...rest } = rule
  return { ...rest, why: [] }
}

/** The principal for whom most of the rule's conditions hold: the one that it forbids. */
function holding(id: string, asked: readonly Question[]): Question | undefined {
  return asked.find(({ explained }) => explained.holds(id)) ?? asked[0]
}

function isAbout({ gate, query }: Question, of: BareGate): boolean {
  return gate === of.gate && query.principal.id === of.subject
}

function nearest(gate: BareGate, asked: readonly Question[]): readonly NearPermit[] {
  return asked.find((each) => isAbout(each, gate))?.explained.nearest() ?? []
}
