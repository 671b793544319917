/** Whether a token may be issued: asked of the same policies, before there is any call. */
import type { CallFacts } from './gates.ts'
import type { PolicySet } from './policy.ts'
import { contextAround, principalsOf } from './principals.ts'

/** For whom, by whom and where; `context` as for a call, without its arguments. */
export type IssuanceFacts = Pick<
  CallFacts,
  'person' | 'sponsored' | 'intersectWith' | 'agents' | 'entities' | 'context'
>

/** `action`: what kind of token, by which grant, as policies name it. */
export interface Issuance {
  readonly action: string
  /** Catalog name. */
  readonly resource: string
}

export type Issuable =
  | { readonly allowed: true }
  | {
      readonly allowed: false
      readonly reason: 'issuance.forbidden' | 'policy.error'
      /** About whom. */
      readonly subject: string
      readonly policies: readonly string[]
    }

/**
 * Rules take an issuance away; none has to permit it, because a token by itself permits no call. What people could lift does not
 * count, they are asked about the call; and of what looks at arguments nothing is known yet. An error denies. Pure, and never throws.
 */
export function issuable(
  facts: IssuanceFacts,
  { action, resource }: Issuance,
  policies: PolicySet,
): Issuable {
  const { agents, entities, persons } = principalsOf(facts)
  const context = contextAround(facts)
  // INVARIANT: "no agent in the chain is forbidden" does not hold for a chain without agents.
  if (agents.length === 0) return no('issuance.forbidden', '', [])
  for (const { uid: principal } of [...persons, ...agents]) {
    const query = { principal, action, resource, context, entities }
    const { determining, errors, permitted } = answerTo(query, policies)
    if (errors.length > 0)
      return no(
        'policy.error',
        principal.id,
        errors.map(({ policy }) => policy),
      )
    if (!permitted && determining.length > 0)
      return no('issuance.forbidden', principal.id, determining)
  }
  return { allowed: true }
}

type Query = Parameters<PolicySet['evaluate']>[0]

function answerTo(query: Query, policies: PolicySet): ReturnType<PolicySet['evaluate']> {
  try {
    return policies.evaluate(query, 'arguments')
  } catch {
    return { permitted: false, determining: [], errors: [{ policy: '', message: 'it threw' }] }
  }
}

function no(
  reason: Extract<Issuable, { allowed: false }>['reason'],
  subject: string,
  policies: readonly string[],
): Issuable {
  return { allowed: false, reason, subject, policies }
}
