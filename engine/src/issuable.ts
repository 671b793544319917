/**
 * Judgment on whether a token may be issued: asked of the same policies, before there is any call.
 */
import { isLifted, uniqueForbids } from './ask.ts'
import type { CallFacts, ForbidRef } from './gates.ts'
import type { PolicyRecord, PolicySet, Requestable } from './policy.ts'
import { contextAround, principalsOf } from './principals.ts'

/** Facts for whom, by whom and where; `context` as for a call, without its arguments. */
export type IssuanceFacts = Pick<
  CallFacts,
  'person' | 'sponsored' | 'intersectWith' | 'agents' | 'entities' | 'context'
> & {
  /** Members that fill the context where nothing of it may be open. No rule that people can lift may read them. */
  readonly closed?: PolicyRecord
}

/** `action`: what kind of token, by which grant, as policies name it. */
export interface Issuance {
  readonly action: string
  /** Catalog name. */
  readonly resource: string
}

export type IssuanceJudgment =
  | { readonly allowed: true }
  | {
      readonly allowed: false
      readonly reason: 'issuance.forbidden' | 'policy.error'
      /** About whom. */
      readonly subject: string
      readonly policies: readonly string[]
    }
  /** Judgment that only these forbids stand in the way, and people can lift them. */
  | {
      readonly allowed: false
      readonly reason: 'issuance.needs_approval'
      readonly subject: string
      readonly policies: readonly string[]
      readonly forbids: readonly Requestable[]
    }

/**
 * Rules take an issuance away; none has to permit it, because a token by itself permits no call. What people could lift about calls does
 * not count, they are asked about the call; and of what looks at arguments nothing is known yet. What they could lift about issuing is in
 * the way unless it was `lifted`, in this wording. An error denies. Pure, and never throws.
 */
export function issuable(
  facts: IssuanceFacts,
  { action, resource }: Issuance,
  policies: PolicySet,
  lifted: readonly ForbidRef[] = [],
): IssuanceJudgment {
  const { agents, entities, persons } = principalsOf(facts)
  const context = contextAround(facts)
  // INVARIANT: "no agent in the chain is forbidden" does not hold for a chain without agents.
  if (agents.length === 0) return no('issuance.forbidden', '', [])
  for (const { uid: principal } of [...persons, ...agents]) {
    const query = { principal, action, resource, context, entities }
    const { determining, errors, permitted } = answerTo(query, policies, 'arguments')
    if (errors.length > 0)
      return no(
        'policy.error',
        principal.id,
        errors.map(({ policy }) => policy),
      )
    if (!permitted && determining.length > 0)
      return no('issuance.forbidden', principal.id, determining)
  }
  return asking(policies) ? askedFor({ facts, action, resource }, policies, lifted) : YES
}

/** Queries about each of them, whole, for explaining. */
export function issuanceQueries(
  facts: IssuanceFacts,
  { action, resource }: Issuance,
): readonly { readonly gate: 'person' | 'agent'; readonly query: Query }[] {
  const { agents, entities, persons } = principalsOf(facts)
  const context = wholeContext(facts)
  const ask =
    (gate: 'person' | 'agent') =>
    ({ uid: principal }: { readonly uid: Query['principal'] }) => ({
      gate,
      query: { principal, action, resource, context, entities },
    })
  return [...persons.map(ask('person')), ...agents.map(ask('agent'))]
}

/** Builds the context that rules about issuing were written for: nothing is open in it. */
function wholeContext(facts: IssuanceFacts) {
  return { ...contextAround(facts), ...facts.closed, args: { record: {} } }
}

const YES: IssuanceJudgment = { allowed: true }

const known = new WeakMap<PolicySet, boolean>()

/** Tells whether the set has any rule of that kind: most have none. */
function asking(policies: PolicySet): boolean {
  const found = known.get(policies)
  if (found !== undefined) return found
  const has = [...policies.requestable.values()].some(({ issuance }) => issuance)
  known.set(policies, has)
  return has
}

function askedFor(
  { action, facts, resource }: Issuance & { readonly facts: IssuanceFacts },
  policies: PolicySet,
  lifted: readonly ForbidRef[],
): IssuanceJudgment {
  const { agents, entities, persons } = principalsOf(facts)
  const context = wholeContext(facts)
  const forbids = new Map<string, Requestable>()
  const about = (id: string) => {
    const forbid = policies.requestable.get(id)
    return forbid?.issuance ? forbid : undefined
  }
  for (const { uid: principal } of [...persons, ...agents]) {
    const query = { principal, action, resource, context, entities }
    const { determining, errors } = answerTo(query, policies, 'nothing')
    // Rules about calls fail without arguments; they were looked at before.
    const failed = errors.filter(({ policy }) => policy === '' || about(policy) !== undefined)
    if (failed.length > 0)
      return no(
        'policy.error',
        principal.id,
        failed.map(({ policy }) => policy),
      )
    for (const id of determining) {
      const forbid = about(id)
      if (forbid && !isLifted(forbid, lifted)) forbids.set(id, forbid)
    }
  }
  if (forbids.size === 0) return YES
  const all = uniqueForbids([...forbids.values()])
  const policiesOfIt = all.map(({ id }) => id)
  return {
    allowed: false,
    reason: 'issuance.needs_approval',
    ...{ subject: '', policies: policiesOfIt, forbids: all },
  }
}

type Query = Parameters<PolicySet['evaluate']>[0]

function answerTo(
  query: Query,
  policies: PolicySet,
  without: 'arguments' | 'nothing',
): ReturnType<PolicySet['evaluate']> {
  try {
    return policies.evaluate(query, without)
  } catch {
    return { permitted: false, determining: [], errors: [{ policy: '', message: 'it threw' }] }
  }
}

function no(
  reason: 'issuance.forbidden' | 'policy.error',
  subject: string,
  policies: readonly string[],
): IssuanceJudgment {
  return { allowed: false, reason, subject, policies }
}
