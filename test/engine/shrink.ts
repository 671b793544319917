/** Makes a disagreement small enough to be read: fewer policies, smaller expressions, fewer entities, less context. */
import type { Question } from './cases.ts'
import { Pair } from './compare.ts'
import type { Expr } from './forms.ts'
import { isObject, type Json, object, print } from './json.ts'
import type { Policy, PolicySet } from './policies.ts'

export interface Example {
  readonly set: PolicySet
  readonly question: Question
}

/** Tries per round; a round that makes nothing smaller is the last one. */
const MAX_ROUNDS = 200

export function shrink(example: Example): Example {
  let smallest = example
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const smaller = candidates(smallest).find(disagrees)
    if (!smaller) return smallest
    smallest = smaller
  }
  return smallest
}

function disagrees({ question, set }: Example): boolean {
  return new Pair(set).compare(question) !== undefined
}

/** Yields smaller examples, those that leave out most first. */
function* candidates({ question, set }: Example): Generator<Example> {
  for (const smaller of smallerSets(set)) yield { question, set: smaller }
  for (const entities of without(question.entities))
    yield { set, question: { ...question, entities } }
  const { context } = question.request
  for (const name of Object.keys(context)) {
    const rest = object(Object.entries(context).filter(([other]) => other !== name))
    yield { set, question: { ...question, request: { ...question.request, context: rest } } }
  }
  for (const [i, entity] of question.entities.entries()) {
    const bare = { uid: entity.uid, attrs: {}, parents: [] }
    const { attrs, parents, tags } = entity
    const less = [
      bare,
      { uid: entity.uid, attrs, parents: [] },
      { uid: entity.uid, attrs: {}, parents, ...(tags ? { tags } : {}) },
    ]
    for (const one of less) {
      if (print(one).length >= print(entity).length) continue
      yield { set, question: { ...question, entities: question.entities.with(i, one) } }
    }
  }
}

function* smallerSets({
  staticPolicies,
  templateLinks,
  templates,
}: PolicySet): Generator<PolicySet> {
  for (const links of without(templateLinks))
    yield { staticPolicies, templates, templateLinks: links }
  for (const ids of without(Object.entries(staticPolicies)))
    yield { staticPolicies: Object.fromEntries(ids), templates, templateLinks }
  const linked = new Set(templateLinks.map(({ templateId }) => templateId))
  for (const left of without(Object.entries(templates))) {
    const kept = new Set(left.map(([id]) => id))
    if ([...linked].every((id) => kept.has(id)))
      yield { staticPolicies, templates: Object.fromEntries(left), templateLinks }
  }
  for (const [id, policy] of Object.entries(staticPolicies))
    for (const smaller of smallerPolicies(policy))
      yield { staticPolicies: { ...staticPolicies, [id]: smaller }, templates, templateLinks }
  for (const [id, template] of Object.entries(templates))
    for (const smaller of smallerPolicies(template))
      yield { staticPolicies, templates: { ...templates, [id]: smaller }, templateLinks }
}

/** Halves first, then one less. */
function* without<T>(items: readonly T[]): Generator<T[]> {
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0)
    for (let from = 0; from < items.length; from += size)
      yield [...items.slice(0, from), ...items.slice(from + size)]
}

function* smallerPolicies(policy: Policy): Generator<Policy> {
  for (const conditions of without(policy.conditions)) yield { ...policy, conditions }
  for (const side of ['principal', 'action', 'resource'] as const)
    if (policy[side].op !== 'All') yield { ...policy, [side]: { op: 'All' } }
  for (const [i, condition] of policy.conditions.entries())
    for (const body of smallerExpressions(condition.body))
      yield { ...policy, conditions: policy.conditions.with(i, { ...condition, body }) }
}

/** Parts of it in its place, and itself with one part smaller. */
function* smallerExpressions(expr: Expr): Generator<Expr> {
  const [operator = ''] = Object.keys(expr)
  const inside = expr[operator]
  if (operator === 'Value' || operator === 'Var' || inside === undefined) return
  yield* partsOf(inside)
  if (operator === 'Set' && Array.isArray(inside))
    for (const less of without(inside)) yield { Set: less }
  if (operator === 'Record' && isObject(inside))
    for (const less of without(Object.entries(inside))) yield { Record: object(less) }
  for (const smaller of smallerInside(inside)) yield { [operator]: smaller }
}

function isExpr(value: Json): value is Expr {
  return isObject(value) && Object.keys(value).length === 1
}

function partsOf(inside: Json): Expr[] {
  const members = Array.isArray(inside) ? inside : isObject(inside) ? Object.values(inside) : []
  return members.filter(isExpr)
}

function* smallerInside(inside: Json): Generator<Json> {
  if (Array.isArray(inside)) {
    for (const [i, item] of inside.entries())
      if (isExpr(item))
        for (const smaller of smallerExpressions(item)) yield inside.with(i, smaller)
  } else if (isObject(inside)) {
    for (const [name, member] of Object.entries(inside))
      if (isExpr(member))
        for (const smaller of smallerExpressions(member))
          yield object([
            ...Object.entries(inside).map(([other, value]): [string, Json] => [
              other,
              other === name ? smaller : value,
            ]),
          ])
  }
}
