/**
 * Explanation of why a policy holds or does not, condition by condition. Beside the fast path:
 * nothing here is used to decide.
 */
import type { PolicyEntity, PolicyQuery, PolicyRecord, PolicyValue } from '../policy.ts'
import { type EntityStore, entityStore } from './entities.ts'
import { Expressions } from './expression.ts'
import { expressionText } from './expression-text.ts'
import { isArray, isObject, type PolicyJson } from './json.ts'
import { asTest, type Run } from './run.ts'
import { type ActionConstraint, type Constraint, Scopes } from './scope.ts'
import { EntityUid, RecordValue } from './value.ts'
import { entitiesFromJson, valueFromJson } from './value-json.ts'
import { valueText } from './value-text.ts'

/** One thing that has to hold for the policy to apply. */
export interface ConditionTrace {
  /** Text as it is written, but for layout: `context.args.amount <= 100`. */
  readonly text: string
  /** `unknown`: not looked at, or not to be evaluated, once something before it did not hold. */
  readonly holds: boolean | 'unknown'
  /** Subject of the condition: `context.args.amount`. */
  readonly subject: string
  /** Value that the subject had. */
  readonly actual: string | undefined
  /** Value that it has to have: `at most 100.00`. */
  readonly needed: string
}

/** Parts of the head that do not fit. */
export type Mismatch = 'principal' | 'action' | 'resource'

export interface PolicyTrace {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly mismatches: readonly Mismatch[]
  /** Condition of the head on the principal, in words: `in Group::"support"`. */
  readonly principal: string
  /** The policy is about principals of another type, so no change of this one could make it fit. */
  readonly otherType: boolean
  readonly conditions: readonly ConditionTrace[]
}

/** A call, ready to be asked about by many policies. */
export interface TracedCall {
  readonly run: Run
}

/** `groupsOf`: the groups that the action is in. */
export function tracedCall(query: PolicyQuery, groupsOf: readonly string[]): TracedCall {
  const action: PolicyEntity = {
    uid: { type: 'Action', id: query.action },
    attributes: {},
    parents: groupsOf.map((id) => ({ type: 'Action', id })),
  }
  const context = valueFromJson(recordJson(query.context))
  if (!(context instanceof RecordValue)) throw new TypeError('the context is no record')
  const entities = [...query.entities, action].map(entityJson)
  return {
    run: {
      principal: uidOf(query.principal),
      action: uidOf(action.uid),
      resource: uidOf({ type: 'Resource', id: query.resource }),
      context,
      entities: entityStore(entitiesFromJson(entities)),
    },
  }
}

function uidOf({ id, type }: PolicyEntity['uid']): EntityUid {
  return new EntityUid(type, id)
}

function entityJson({ attributes, parents, uid }: PolicyEntity) {
  return { uid, attrs: recordJson(attributes), parents }
}

function recordJson(record: PolicyRecord): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, valueJson(value)]))
}

function valueJson(value: PolicyValue): unknown {
  if (typeof value !== 'object') return value
  if ('integer' in value) return BigInt(value.integer)
  if ('entity' in value) return { __entity: value.entity }
  if ('set' in value) return value.set.map(valueJson)
  if ('record' in value) return recordJson(value.record)
  const [[fn, arg] = []] = Object.entries(value)
  return { __extn: { fn, arg } }
}

/** @throws CompileError for a policy that is none */
export function tracePolicy(id: string, policy: PolicyJson, { run }: TracedCall): PolicyTrace {
  const scopes = new Scopes(id, new Map())
  const principal = scopes.constraint(policy.principal, '/principal')
  const action = scopes.action(policy.action, '/action')
  const resource = scopes.constraint(policy.resource, '/resource')
  const mismatches: Mismatch[] = []
  if (!fits(principal, run.principal, run.entities)) mismatches.push('principal')
  if (!fitsAction(action, run)) mismatches.push('action')
  if (!fits(resource, run.resource, run.entities)) mismatches.push('resource')
  const tracer = new Tracer(id, run)
  for (const { body, kind } of policy.conditions) tracer.clause(body, kind === 'when')
  return {
    id,
    effect: policy.effect,
    mismatches,
    principal: constraintText(principal),
    otherType: isOtherType(principal, run.principal.type),
    conditions: tracer.conditions,
  }
}

function fits(constraint: Constraint, uid: EntityUid, entities: EntityStore): boolean {
  if (constraint.op === 'all') return true
  if (constraint.op === 'type') return uid.type === constraint.type
  if (constraint.op === 'equal') return uid.is(constraint.entity)
  const { entity, type } = constraint
  return (type === undefined || uid.type === type) && isWithin(uid, entity, entities)
}

function isOtherType(constraint: Constraint, type: string): boolean {
  if (constraint.op === 'all') return false
  if (constraint.op === 'equal') return constraint.entity.type !== type
  return constraint.type !== undefined && constraint.type !== type
}

function fitsAction(constraint: ActionConstraint, { action, entities }: Run): boolean {
  if (constraint.op === 'all') return true
  if (constraint.op === 'equal') return action.is(constraint.entity)
  return constraint.entities.some((entity) => isWithin(action, entity, entities))
}

function isWithin(uid: EntityUid, above: { type: string; id: string }, entities: EntityStore) {
  return uid.is(above) || (entities.get(uid)?.ancestors.has(above) ?? false)
}

function constraintText(constraint: Constraint): string {
  switch (constraint.op) {
    case 'all':
      return 'anything'
    case 'type':
      return `a ${constraint.type}`
    case 'equal':
      return refText(constraint.entity)
    case 'within':
      return `in ${refText(constraint.entity)}`
  }
}

function refText({ id, type }: { readonly type: string; readonly id: string }): string {
  return valueText(new EntityUid(type, id))
}

class Tracer {
  readonly conditions: ConditionTrace[] = []
  readonly #id: string
  readonly #run: Run

  constructor(id: string, run: Run) {
    this.#id = id
    this.#run = run
  }

  /** `wanted`: what it has to be. Taken apart where all of its parts have to be so. */
  clause(expression: unknown, wanted: boolean): void {
    const [operator = '', inner] = isObject(expression) ? (Object.entries(expression)[0] ?? []) : []
    if (isObject(inner)) {
      if (operator === '!') {
        this.clause(inner.arg, !wanted)
        return
      }
      if (operator === (wanted ? '&&' : '||')) {
        this.clause(inner.left, wanted)
        this.clause(inner.right, wanted)
        return
      }
    }
    const found = this.#evaluate(expression)
    const holds = found === undefined ? 'unknown' : found === wanted
    const said = this.#words(operator, inner, { found, wanted })
    const text = wanted ? expressionText(expression) : `!(${expressionText(expression)})`
    this.conditions.push({ text, holds, ...said })
  }

  #evaluate(expression: unknown): boolean | undefined {
    try {
      return asTest(new Expressions(this.#id).compile(expression, ''))(this.#run)
    } catch {
      return undefined
    }
  }

  #valueOf(expression: unknown): string | undefined {
    try {
      return valueText(new Expressions(this.#id).compile(expression, '').run(this.#run))
    } catch {
      return undefined
    }
  }

  #words(
    operator: string,
    inner: unknown,
    { found, wanted }: { readonly found: boolean | undefined; readonly wanted: boolean },
  ): Pick<ConditionTrace, 'subject' | 'actual' | 'needed'> {
    const sides = sidesOf(operator, inner)
    const comparison = COMPARISONS[operator]
    if (sides && comparison) {
      const mirrored = MIRRORED[operator]
      const swapped = mirrored !== undefined && isConstant(sides.left) && !isConstant(sides.right)
      const [left, right] = swapped ? [sides.right, sides.left] : [sides.left, sides.right]
      const words = (swapped ? COMPARISONS[mirrored] : undefined) ?? comparison
      return this.#about(left, `${wanted ? words[0] : words[1]}${this.#named(right)}`)
    }
    if (operator === 'has' && isObject(inner)) {
      const names = isArray(inner.attr) ? inner.attr.join('.') : String(inner.attr)
      const subject = `${expressionText(inner.left)}.${names}`
      return {
        subject,
        actual: found === undefined ? undefined : found ? 'there' : 'not there',
        needed: wanted ? 'to be there' : 'not to be there',
      }
    }
    if (operator === 'like' && isObject(inner)) {
      const whole = expressionText({ like: inner })
      const pattern = whole.slice(whole.lastIndexOf(' like ') + ' like '.length)
      return this.#about(inner.left, `${wanted ? 'like' : 'not like'} ${pattern}`)
    }
    if (operator === 'is' && isObject(inner))
      return this.#about(inner.left, `${wanted ? 'a' : 'not a'} ${String(inner.entity_type)}`)
    const whole = isObject(inner) || isArray(inner) ? { [operator]: inner } : undefined
    return this.#about(whole, String(wanted))
  }

  #about(expression: unknown, needed: string) {
    return { subject: expressionText(expression), actual: this.#valueOf(expression), needed }
  }

  /** A constant by its value, something else by its name, too. */
  #named(expression: unknown): string {
    const value = this.#valueOf(expression)
    if (value !== undefined && isConstant(expression)) return value
    return value === undefined
      ? expressionText(expression)
      : `${value} (${expressionText(expression)})`
  }
}

/** Words before the other side: when it has to hold, and when not. */
const COMPARISONS: Readonly<Record<string, readonly [string, string]>> = {
  '==': ['', 'other than '],
  '!=': ['other than ', ''],
  '<': ['less than ', 'at least '],
  '<=': ['at most ', 'more than '],
  '>': ['more than ', 'at most '],
  '>=': ['at least ', 'less than '],
  lessThan: ['less than ', 'at least '],
  lessThanOrEqual: ['at most ', 'more than '],
  greaterThan: ['more than ', 'at most '],
  greaterThanOrEqual: ['at least ', 'less than '],
  in: ['in ', 'not in '],
  contains: ['one with ', 'one without '],
  containsAll: ['one with all of ', 'one without all of '],
  containsAny: ['one with any of ', 'one without any of '],
  'one of': ['one of ', 'none of '],
  isInRange: ['in the range ', 'outside of the range '],
}
/** Operators with their sides changed. */
const MIRRORED: Readonly<Record<string, string>> = {
  '==': '==',
  '!=': '!=',
  contains: 'one of',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  lessThan: 'greaterThan',
  lessThanOrEqual: 'greaterThanOrEqual',
  greaterThan: 'lessThan',
  greaterThanOrEqual: 'lessThanOrEqual',
}

function sidesOf(operator: string, inner: unknown) {
  if (isArray(inner) && operator !== 'Set' && inner.length === 2)
    return { left: inner[0], right: inner[1] }
  return isObject(inner) && 'left' in inner && 'right' in inner
    ? { left: inner.left, right: inner.right }
    : undefined
}

const LITERALS = new Set(['Value', 'Set', 'decimal', 'datetime', 'duration', 'ip'])

/** `in`, `contains` and `is` are about what stands left of them, whatever that is. */
function isConstant(expression: unknown): boolean {
  if (!isObject(expression)) return false
  const [operator = ''] = Object.keys(expression)
  const inner = expression[operator]
  if (!LITERALS.has(operator)) return false
  return operator === 'Value' || (isArray(inner) && inner.every(isConstant))
}
