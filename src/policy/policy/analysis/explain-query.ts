import {
  type ConditionTrace,
  type PolicyQuery,
  type PolicyTrace,
  type TracedCall,
  tracedCall,
  tracePolicy,
} from '@remit/engine'
import type { PublishedRule, RulesOf } from './rules-of.ts'

/** A rule, and what about this call made it hold or not. */
export interface ExplainedRule extends Omit<PublishedRule, 'json'> {
  /** Sentences: why it applies, or which conditions it lacks. */
  readonly why: readonly string[]
}

/** A permit that does not apply, and the conditions that it lacks. */
export interface NearPermit extends ExplainedRule {
  /**
   * Sentences that are fit for the caller: about their own arguments and themselves,
   * without the rule.
   */
  readonly hints: readonly string[]
}

const MAX_NEAR = 3

/** A principal's question, ready to be explained by many rules. */
export class ExplainedQuery {
  readonly #query: PolicyQuery
  readonly #rules: RulesOf
  readonly #call: TracedCall

  /** @throws TypeError when the facts are none that policies can look at */
  constructor(query: PolicyQuery, rules: RulesOf) {
    this.#query = query
    this.#rules = rules
    this.#call = tracedCall(query, rules.groupsOf(query.action))
  }

  /** A rule that determined the answer: what made it hold. */
  determining(id: string): ExplainedRule | undefined {
    const rule = this.#rules.byId(id)
    if (!rule) return undefined
    const { conditions } = this.#trace(rule)
    return without(rule, conditions.filter(({ holds }) => holds === true).map(heldWords))
  }

  /** Tells whether a rule applies to this principal, as far as can be told. */
  holds(id: string): boolean {
    const rule = this.#rules.byId(id)
    if (!rule) return false
    const { conditions, mismatches } = this.#trace(rule)
    return mismatches.length === 0 && conditions.every(({ holds }) => holds === true)
  }

  /**
   * Lists the permits for this action and resource that are nearest to it, what they lack first;
   * where nothing permits.
   */
  nearest(): readonly NearPermit[] {
    return this.#rules
      .permitsAbout(this.#query.action)
      .map((rule) => ({ rule, trace: this.#trace(rule) }))
      .filter(({ trace }) => this.#couldFit(trace))
      .map(({ rule, trace }) => ({ rule, trace, lacking: lackingOf(trace) }))
      .filter(({ lacking }) => lacking > 0)
      .sort((a, b) => a.lacking - b.lacking)
      .slice(0, MAX_NEAR)
      .map(({ rule, trace }) => ({
        ...without(rule, this.#missing(trace)),
        hints: this.#hints(trace),
      }))
  }

  /** Agents are in no groups, so a rule for a group is for people. */
  #couldFit({ mismatches, otherType, principal }: PolicyTrace): boolean {
    const forPeople = this.#query.principal.type === 'Agent' && /^in Group::/.test(principal)
    return !otherType && !forPeople && !mismatches.some((part) => part !== 'principal')
  }

  #trace(rule: PublishedRule): PolicyTrace {
    return tracePolicy(rule.id, rule.json, this.#call)
  }

  #missing(trace: PolicyTrace): readonly string[] {
    const failing = trace.conditions.filter(({ holds }) => holds === false)
    const scope = trace.mismatches.includes('principal') ? [this.#principalWords(trace)] : []
    return [...scope, ...failing.map(missingWords)]
  }

  #principalWords({ principal }: PolicyTrace): string {
    const { id, type } = this.#query.principal
    const who = `${type === 'Agent' ? 'agent' : 'person'} ${id}`
    const group = /^in Group::"([^"]*)"$/.exec(principal)?.[1]
    return group === undefined ? `${who} is not ${principal}` : `${who} is not in group ${group}`
  }

  #hints(trace: PolicyTrace): readonly string[] {
    const isAgent = this.#query.principal.type === 'Agent'
    const failing = trace.conditions.filter(({ holds }) => holds === false)
    const about = failing.map(hintOf)
    // Half of the missing conditions would send people the wrong way.
    if (about.some((hint) => hint === undefined)) return []
    const scope = trace.mismatches.includes('principal')
      ? [
          isAgent
            ? 'this agent is not among those that may do it'
            : 'you are in none of the groups that may do it',
        ]
      : []
    return [...scope, ...about.filter((hint) => hint !== undefined)]
  }
}

function without({ json: _, ...rule }: PublishedRule, why: readonly string[]): ExplainedRule {
  return { ...rule, why }
}

/**
 * Counts the mismatches and the conditions that do not hold. A condition that could not be
 * evaluated rests on one that does not hold, and is not counted twice.
 */
function lackingOf({ conditions, mismatches }: PolicyTrace): number {
  const failing = conditions.filter(({ holds }) => holds === false).length
  const unknown = conditions.some(({ holds }) => holds === 'unknown')
  return mismatches.length + (failing === 0 && unknown ? 1 : failing)
}

/** `context.args.amount is 950.00; the rule needs at most 100.00`. */
function missingWords({ actual, needed, subject, text }: ConditionTrace): string {
  if (actual === undefined) return `it does not hold that ${text}`
  if (needed === 'to be there') return `${subject} is ${actual}; the rule needs it`
  return `${subject} is ${actual}; the rule needs ${/^(not )?(in|like) /.test(needed) ? `one ${needed}` : needed}`
}

/** `context.args.amount is 950.00: more than 100.00`. */
function heldWords({ actual, needed, subject, text }: ConditionTrace): string {
  if (actual === undefined || /^(true|false)$/.test(actual)) return `${text}`
  if (actual === 'there' || actual === 'not there') return `${subject} is ${actual}`
  return needed === actual ? `${subject} is ${actual}` : `${subject} is ${actual}: ${needed}`
}

const ARGUMENT = /^context\.args\.([A-Za-z_][\w.]*)$/
/** Limits on numbers and times: they can be found out by asking twice, and knowing them is what helps. */
const LIMIT = /^(?:at most|at least|more than|less than) [-0-9][-0-9.:TZ]*$/

function hintOf({ actual, needed, subject }: ConditionTrace): string | undefined {
  const argument = ARGUMENT.exec(subject)?.[1]
  if (argument !== undefined && actual !== undefined && LIMIT.test(needed))
    return `${argument} is ${actual}; ${needed} may be permitted`
  if (subject === 'context.now') return 'not at this time'
  if (subject === 'context.person' && actual === 'not there') return 'not without a person present'
  if (subject === 'context.person' && /^in Group::/.test(needed))
    return 'you are in none of the groups that may do it'
  return undefined
}
