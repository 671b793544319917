/** Gate 9: what has to be done along with a permit, by the policies that make it one. */
import type { CallFacts, GateResult } from './gates.ts'
import type { Obligation, PolicySet } from './policy.ts'

/** The person must have proved who they are in one of these ways (`acr_values`), not longer ago than `max_age` seconds. */
export const STEP_UP = 'step_up'

/**
 * The union over every permit that determined an answer about anyone the call depends on, and what came with the facts. Each
 * once, in the order of ids: the same call always obliges to the same.
 */
export function obligationsOf(
  { obligations }: Pick<CallFacts, 'obligations'>,
  permits: readonly string[],
  policies: Pick<PolicySet, 'obligations'>,
): readonly Obligation[] {
  const all = permits.flatMap((id) => policies.obligations.get(id) ?? [])
  if (all.length === 0) return obligations
  const byId = new Map([...obligations, ...all].map((each) => [each.id, each]))
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** INVARIANT: what the enforcing edge does not know, or cannot do, is not silently left undone. */
export function obligationGates(
  obligations: readonly Obligation[],
  facts: Pick<CallFacts, 'doable' | 'authentication' | 'sponsored'>,
): GateResult[] {
  if (obligations.length === 0) {
    return [{ gate: 'obligations', passed: true, detail: 'nothing else has to be done' }]
  }
  return obligations.map((obligation) => {
    const { type: subject } = obligation
    if (subject === STEP_UP) return stepUpGate(obligation, facts)
    const result = { gate: 'obligations' as const, subject }
    if (facts.doable.includes(subject))
      return { ...result, passed: true, detail: `${subject} will be done` }
    const detail = `a permit would require ${subject}, which cannot be done here`
    const enough = `an enforcement point that can do ${subject}`
    return { ...result, passed: false, reason: 'obligation.unknown', detail, enough }
  })
}

function stepUpGate(
  { properties }: Obligation,
  { authentication = {}, sponsored }: Pick<CallFacts, 'authentication' | 'sponsored'>,
): GateResult {
  const { acr_values: acrValues, max_age: maxAge } = properties
  const result = { gate: 'obligations' as const, subject: STEP_UP }
  const ways = acrValues?.split(' ')
  const isStrong = !ways || (authentication.acr !== undefined && ways.includes(authentication.acr))
  const { ageSeconds } = authentication
  const isFresh = maxAge === undefined || (ageSeconds !== undefined && ageSeconds <= Number(maxAge))
  if (isStrong && isFresh && !sponsored)
    return { ...result, passed: true, detail: 'the person proved who they are well enough' }
  if (sponsored)
    return {
      ...result,
      passed: false,
      reason: 'obligation.unknown',
      detail: 'the person must have proved who they are, and no person is present',
      enough: 'a task for a person',
    }
  const how = ways ? ` in one of these ways: ${ways.join(', ')}` : ''
  const when = maxAge === undefined ? '' : ` in the last ${maxAge} seconds`
  return {
    ...result,
    passed: false,
    reason: 'step_up.required',
    detail: `the person must have proved who they are${how}${when}`,
    enough: 'a new task, with a token of the identity provider from such a sign-in',
    stepUp: {
      ...(acrValues === undefined ? {} : { acrValues }),
      ...(maxAge === undefined ? {} : { maxAge }),
    },
  }
}
