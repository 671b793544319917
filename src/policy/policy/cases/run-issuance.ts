import { askFor, issuable, issuanceQueries, type PolicySet } from '@remit/engine'
import { ExplainedQuery } from '../analysis/explain-query.ts'
import type { RulesOf } from '../analysis/rules-of.ts'
import type { ActionTypes } from '../impossible/schema-types.ts'
import { ISSUE, ISSUE_ACTIONS } from '../issuance/actions.ts'
import { CLOSED } from '../issuance/closed.ts'
import type { CaseFile, CaseOutcome, PolicyCase, Reason } from './case.ts'
import { type CaseCall, factsOfCase } from './case-call.ts'

/** Policies, loaded for a file. */
export interface LoadedPolicies {
  readonly policies: PolicySet
  readonly rules: RulesOf
}

/** Judgment of the rules about one issuance. */
export interface CaseIssuance {
  readonly outcome: CaseOutcome
  readonly rules: readonly string[]
  readonly approvers: readonly string[]
  readonly why: () => readonly Reason[]
}

/** `access_token:ciba`, `access_token` by every grant, `all`; as the actions that they are. Empty: there is none. */
export function issuancesNamed(text: string): readonly string[] {
  if (text === 'all') return ISSUE_ACTIONS
  const name = `${ISSUE}:${text}`
  return ISSUE_ACTIONS.filter((each) => each === name || each.startsWith(`${name}:`))
}

/**
 * Judges an issuance as the gate of what Remit issues does: what no rule forbids is issued, and
 * people can be asked where rules say so.
 */
export function judgeIssuance(
  file: CaseFile & LoadedPolicies,
  of: PolicyCase,
  call: CaseCall & { readonly isOnly: boolean },
  types: ActionTypes,
): CaseIssuance {
  const resource = of.at ?? ''
  const { context, ...facts } = factsOfCase(file, of, call, types)
  const known = of.context.has('task') ? context : { ...context, task: notOpen(of) }
  const asked = { action: call.action, resource }
  const issuing = { ...facts, context: { ...known, risk: LOW }, closed: CLOSED }
  const answer = issuable(issuing, asked, file.policies)
  const rules = answer.allowed ? [] : answer.policies
  const needs = !answer.allowed && answer.reason === 'issuance.needs_approval'
  const approvers = needs ? askFor(answer.forbids, 'high').approvers.flat() : []
  const why = () => {
    const words = issuanceQueries(issuing, asked).flatMap(({ query }) => {
      const explained = new ExplainedQuery(query, file.rules)
      return rules.flatMap((id) =>
        explained.holds(id) ? (explained.determining(id)?.why ?? []) : [],
      )
    })
    const text = answer.allowed ? 'no rule forbids it' : WORDS[answer.reason]
    return [{ text, rules, ...(words.length > 0 ? { facts: [...new Set(words)] } : {}) }]
  }
  if (answer.allowed) return { outcome: 'permit', rules, approvers, why }
  return { outcome: needs ? 'asks' : 'deny', rules, approvers, why }
}

const LOW = { record: { class: 'low' } } as const
const WORDS = {
  'issuance.forbidden': 'a rule forbids that it is issued',
  'issuance.needs_approval': 'it is issued only after people approved it',
  'policy.error': 'a rule that applies could not be evaluated',
} as const

/** Builds the task of a case before there is one. */
function notOpen({ purpose }: PolicyCase) {
  return { record: { id: '', purpose: purpose ?? 'a test' } }
}
