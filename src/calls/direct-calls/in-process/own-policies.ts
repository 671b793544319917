import type { Obligation, PolicyJson, PolicySet } from '@remit/engine'
import { type Action, groupsOf } from '../../../catalog/catalog/index.ts'
import { type ParsedPolicy, readExactJson } from '../../../policy/cedar/index.ts'

/** Reason why calls of an action are decided by Remit alone. */
export type AsksBecause = 'decision_points' | 'definition' | 'integers' | 'nonces' | 'risk' | 'body'

/** Policies that may apply to calls of some actions of one resource, in the order of the set. */
export interface OwnPolicies {
  readonly policies: readonly { readonly id: string; readonly json: string }[]
  readonly obligations: readonly (readonly [string, readonly Obligation[]])[]
  /** Actions for which these are not all policies. */
  readonly asks: ReadonlyMap<string, AsksBecause>
  /** Every name and id that the policies write down: nothing else can make a difference to them. */
  readonly mentions: (name: string) => boolean
}

/** Scope of a policy in Cedar's form, as far as it is looked at here. */
interface ScopeJson {
  readonly op?: unknown
  readonly entity?: { readonly type?: unknown; readonly id?: unknown }
  readonly entities?: readonly { readonly type?: unknown; readonly id?: unknown }[]
}

/**
 * Selects the policies that decide calls of a resource without asking anybody: those that can apply to it, and that look
 * at nothing which only Remit counts.
 * INVARIANT: a policy is left out only where its scope fits no call of the actions that are decided elsewhere.
 */
export function ownPolicies(
  set: PolicySet,
  all: readonly ParsedPolicy[],
  { actions, resource }: { readonly resource: string; readonly actions: readonly Action[] },
): OwnPolicies {
  const asks = new Map<string, AsksBecause>()
  const mine = all.flatMap(({ id, json }) => {
    const policy = readExactJson(json) as PolicyJson // as: what `exactJson` wrote of Cedar's form
    const about = appliesTo(policy, resource)
      ? actions.filter((action) => fits(policy.action, action))
      : []
    const because = onlyRemit(policy)
    if (because) for (const { name } of about) if (!asks.has(name)) asks.set(name, because)
    return about.length === 0 || because ? [] : [{ id, json, about }]
  })
  const kept = mine.filter(({ about }) => about.some(({ name }) => !asks.has(name)))
  const text = kept.map(({ json }) => json).join('\n')
  return {
    policies: kept.map(({ id, json }) => ({ id, json: withoutAnnotations(json) })),
    obligations: kept.flatMap(({ id }) => {
      const of = set.obligations.get(id)
      return of ? [[id, of] as const] : []
    }),
    asks,
    mentions: (name) => text.includes(JSON.stringify(name)),
  }
}

/** Words for people stay here. */
function withoutAnnotations(json: string): string {
  const { annotations: _, ...policy } = JSON.parse(json) as PolicyJson // as: see above; without integers that are not exact
  return JSON.stringify(policy)
}

function appliesTo({ resource: scope }: PolicyJson, name: string): boolean {
  const { entity, op } = scope as ScopeJson // as: Cedar's form
  return (op !== '==' && op !== 'in') || entity === undefined || entity.id === name
}

function fits(scope: PolicyJson['action'], action: Action): boolean {
  const { entities, entity, op } = scope as ScopeJson // as: Cedar's form
  if (op === 'All') return true
  const named = entities ?? (entity ? [entity] : [])
  const groups = op === 'in' ? groupsOf(action) : []
  return named.some(({ id }) => id === action.name || groups.some((group) => group === id))
}

function onlyRemit({ conditions }: PolicyJson): AsksBecause | undefined {
  if (someMember(conditions, (value) => typeof value === 'bigint')) return 'integers'
  return readsCounts(conditions) ? 'risk' : undefined
}

function someMember(value: unknown, found: (value: unknown) => boolean): boolean {
  if (found(value)) return true
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((member) => someMember(member, found))
}

/**
 * Tells whether an expression looks at more of `context.risk` than the class, or at the context as
 * a whole.
 */
function readsCounts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (isContext(value)) return true
  const access = memberOf(value, '.') ?? memberOf(value, 'has')
  if (access === undefined) return Object.values(value).some(readsCounts)
  const { attr, left } = access
  if (isContext(left)) return attr === 'risk'
  const ofRisk = memberOf(left, '.')
  if (ofRisk?.attr === 'risk' && isContext(ofRisk.left)) return attr !== 'class'
  return readsCounts(left)
}

function isContext(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'Var' in value && value.Var === 'context'
}

function memberOf(
  value: unknown,
  name: '.' | 'has',
): { left?: unknown; attr?: unknown } | undefined {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined
  const member: unknown = Reflect.get(value, name)
  return typeof member === 'object' && member !== null ? member : undefined
}
