import type { PolicyJson } from '@remit/engine'
import { type ParsedPolicy, readExactJson } from '../../cedar/index.ts'
import { type Term, termsOf } from './terms.ts'

/** One policy, taken apart so that two of them can be compared. */
export interface Rule {
  readonly id: string
  /** Offset in the whole text; of what a link makes, that of the link. */
  readonly start: number
  readonly effect: 'permit' | 'forbid'
  readonly scope: Scope
  /**
   * Terms that all have to hold, and nothing else. Written in one way, so that equal ones are equal
   * texts.
   */
  readonly terms: readonly Term[]
  /** Annotations that do something: who is asked, what a permit obliges to. */
  readonly acts: string
  readonly requestable: boolean
}

export interface Scope {
  readonly principal: Constraint
  readonly action: ActionConstraint
  readonly resource: Constraint
}

interface Entity {
  readonly type: string
  readonly id: string
}

/** Constraint of a scope, as Cedar writes it. */
export type Constraint =
  | { readonly op: 'All' }
  | { readonly op: '=='; readonly entity: Entity }
  | { readonly op: 'in'; readonly entity: Entity }
  | { readonly op: 'is'; readonly entity_type: string; readonly in?: { readonly entity: Entity } }

export type ActionConstraint =
  | { readonly op: 'All' }
  | { readonly op: '=='; readonly entity: Entity }
  | { readonly op: 'in'; readonly entity: Entity }
  | { readonly op: 'in'; readonly entities: readonly Entity[] }

/** Annotations that only say something. */
const WORDS = new Set(['id', 'description', 'advice'])

export function ruleOf({ json, link, start }: ParsedPolicy): Rule {
  const policy = readExactJson(json) as Omit<PolicyJson, 'annotations'> &
    Scope & { annotations?: Record<string, string> } // as: Cedar's form of a policy that was validated
  const { action, annotations = {}, conditions, effect, principal, resource } = policy
  const acting = Object.entries(annotations).filter(([name]) => !WORDS.has(name))
  return {
    id: annotations.id ?? '',
    start: link ?? start,
    effect,
    scope: { principal, action, resource },
    terms: termsOf(conditions),
    acts: JSON.stringify(acting.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    requestable: 'requestable' in annotations,
  }
}

/** Tells whether whatever is in the scope of `inner` is in that of `outer`. No proves nothing. */
export function scopeCovers(outer: Scope, inner: Scope): boolean {
  return (
    covers(outer.principal, inner.principal) &&
    coversAction(outer.action, inner.action) &&
    covers(outer.resource, inner.resource)
  )
}

function covers(outer: Constraint, inner: Constraint): boolean {
  if (outer.op === 'All') return true
  if (outer.op === '==') return inner.op === '==' && isSameEntity(outer.entity, inner.entity)
  if (outer.op === 'in') {
    const within =
      inner.op === 'is' ? inner.in?.entity : inner.op === 'All' ? undefined : inner.entity
    return within !== undefined && isSameEntity(outer.entity, within)
  }
  const { entity_type: type } = outer
  if (outer.in) {
    return (
      inner.op === 'is' &&
      inner.entity_type === type &&
      !!inner.in &&
      isSameEntity(outer.in.entity, inner.in.entity)
    )
  }
  return inner.op === 'is'
    ? inner.entity_type === type
    : inner.op === '==' && inner.entity.type === type
}

function coversAction(outer: ActionConstraint, inner: ActionConstraint): boolean {
  if (outer.op === 'All') return true
  if (inner.op === 'All') return false
  const named = entitiesOf(inner)
  // Which actions are in a group, the catalog says; here a name has to be the same name.
  if (outer.op === '==')
    return inner.op === '==' && named.every((each) => isSameEntity(each, outer.entity))
  const within = entitiesOf(outer)
  return named.every((each) => within.some((other) => isSameEntity(each, other)))
}

export function entitiesOf(constraint: ActionConstraint): readonly Entity[] {
  if (constraint.op === 'All') return []
  return 'entities' in constraint ? constraint.entities : [constraint.entity]
}

function isSameEntity(a: Entity, b: Entity): boolean {
  return a.type === b.type && a.id === b.id
}
