import { type CallFacts, type Decision, type GateResult, queriesOf } from '@remit/engine'
import { ExplainedQuery } from '../analysis/explain-query.ts'
import type { RulesOf } from '../analysis/rules-of.ts'
import type { Reason } from './case.ts'

/**
 * Explains what the gates that policies speak in say; only those that stand in the way, where some
 * do.
 */
export function whyOf({ gates }: Decision, facts: CallFacts, rules: RulesOf): readonly Reason[] {
  const spoken = gates.filter(({ gate }) => ['person', 'agent', 'approval'].includes(gate))
  const standing = spoken.filter(({ passed }) => !passed)
  const told = standing.length > 0 ? standing : spoken.filter(({ gate }) => gate !== 'approval')
  const asked = queriesOf(facts).map(({ gate, query }) => ({
    gate,
    id: query.principal.id,
    explained: new ExplainedQuery(query, rules),
  }))
  return told.map((result) => {
    const { detail, gate, note, policies = [], subject } = result
    const about = asked.filter(
      (each) => gate === 'approval' || (each.gate === gate && each.id === subject),
    )
    const why = about.flatMap(({ explained }) =>
      policies.length > 0
        ? policies.flatMap((id) =>
            explained.holds(id) ? (explained.determining(id)?.why ?? []) : [],
          )
        : nearestWords(result, explained),
    )
    return {
      text: note === undefined ? detail : `${detail}: ${note}`,
      rules: policies,
      ...(why.length > 0 ? { facts: [...new Set(why)] } : {}),
    }
  })
}

function nearestWords({ note, passed }: GateResult, explained: ExplainedQuery): readonly string[] {
  if (passed || note !== undefined) return []
  const [first] = explained.nearest()
  return first ? first.why.map((words) => `nearest is ${first.id}: ${words}`) : []
}
