import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { nearest } from '../../../platform/lib/closest-match.ts'
import type { Findings, PolicyPiece } from '../../cedar/index.ts'
import { asksFor, type Comparison, comparisonsIn, entitiesIn } from './comparisons.ts'
import { ContextFields } from './fields.ts'
import { type ComparisonResult, judge } from './judge.ts'
import { CLOSED, type LimitedAction, type Limits, limitedActions } from './limits.ts'
import { literalPlace } from './literal-position.ts'
import { inScope, isNamed } from './scope.ts'

export interface CheckedPolicy {
  readonly piece: PolicyPiece
  readonly id: string | undefined
  /** Integers beyond 2^53 are rounded in it. */
  readonly shape: PolicyJson
}

/**
 * Rules that compare what can never be equal: with a value that an argument cannot have, a number beyond its range, a risk class that
 * there is not, a resource that is not in the catalog. Cedar's types do not know of these; such a rule would silently never match.
 * Refused when no action that it is about can match, warned of when only some can.
 */
export function checkImpossible(
  policies: Iterable<CheckedPolicy>,
  schema: string,
  found: Findings,
): void {
  const actions = limitedActions(schema)
  if (actions.length === 0) return
  const fields = new ContextFields(schema)
  const resources = new Set(actions.map(({ name }) => name.split('.', 1)[0] ?? ''))
  for (const policy of policies) {
    checkResources(policy, resources, found)
    const scope = inScope(policy.shape, actions)
    for (const path of asksFor(policy.shape)) checkField(policy, path, scope, fields, found)
    for (const comparison of comparisonsIn(policy.shape))
      checkComparison(policy, comparison, { scope, fields }, found)
  }
}

function checkResources(
  { id, piece, shape }: CheckedPolicy,
  resources: ReadonlySet<string>,
  found: Findings,
): void {
  // Assertions are issued for servers of other domains, by their issuers: no resource of the catalog is called like an address.
  const issues = [...entitiesIn(shape, 'Action')].some((name) => /^issue(?::|$)/.test(name))
  for (const name of entitiesIn(shape, 'Resource')) {
    if (resources.has(name) || (issues && /^https?:\/\//.test(name))) continue
    const help = nearest(name, [...resources]) ?? `there are: ${[...resources].join(', ')}`
    const at = piece.start + literalPlace(piece.text, name, 'Resource')
    found.mistake(id, at, `there is no resource \`${name}\`, so this never matches`, help)
  }
}

/**
 * A field that is asked for with `has` and that there is nowhere. About named actions it is a mistake. A rule over a group is also for
 * actions that will come: it is warned of.
 */
function checkField(
  { id, piece, shape }: CheckedPolicy,
  path: string,
  scope: readonly LimitedAction[],
  fields: ContextFields,
  found: Findings,
): void {
  const [first] = scope
  if (!first || scope.some((action) => fields.has(action, path))) return
  const at = path.lastIndexOf('.')
  const [record, name] = [path.slice(0, at), path.slice(at + 1)]
  const named = isNamed(shape, scope) || !path.startsWith('context.args.')
  const known = new Set((named ? scope : []).flatMap((action) => fields.names(action.name, record)))
  const help = nearest(name, [...known])
  const place = piece.start + literalPlace(piece.text, name, 'has', true)
  if (named) found.mistake(id, place, `there is no \`${path}\`, so this never matches`, help)
  else found.warning(id, place, `no action that this is about has \`${path}\` by now`)
}

function checkComparison(
  { id, piece, shape }: CheckedPolicy,
  comparison: Comparison,
  around: ConditionContext,
  found: Findings,
): void {
  const { literal, path } = comparison
  const closed = CLOSED.get(path)
  const judged = closed
    ? [{ judged: judge(comparison, closed), limits: closed, action: '' }]
    : judgedFor(comparison, around)
  const wrong = judged.filter((each) => each.judged === 'never' || each.judged === 'differs')
  const [first] = wrong
  const place = piece.start + literalPlace(piece.text, literal.text, path.split('.').at(-1) ?? '')
  if (first?.limits) {
    const words = comparisonWords(comparison, first.judged)
    const help = helpFor(comparison, first.limits)
    if (wrong.length === judged.length) found.mistake(id, place, words, help)
    else {
      const names = wrong
        .slice(0, 3)
        .map(({ action }) => `\`${action}\``)
        .join(', ')
      found.warning(
        id,
        place,
        `of ${names}${wrong.length > 3 ? ' and others' : ''}: ${words}`,
        help,
      )
    }
    return
  }
  const always = judged.length > 0 && judged.every((each) => each.judged === 'always')
  if (always && shape.effect === 'permit')
    found.warning(id, place, `\`${path}\` is always ${comparison.operator} \`${literal.text}\``)
}

interface ConditionContext {
  readonly scope: readonly LimitedAction[]
  readonly fields: ContextFields
}

interface JudgedComparison {
  readonly judged: ComparisonResult
  readonly limits: Limits | undefined
  readonly action: string
}

/** Judges a comparison for each action that has the argument. */
function judgedFor(
  comparison: Comparison,
  { fields, scope }: ConditionContext,
): readonly JudgedComparison[] {
  if (!comparison.path.startsWith('context.args.')) return []
  const path = comparison.path.slice('context.args.'.length)
  return scope.flatMap((action): JudgedComparison[] => {
    const limits = action.limits.get(path)
    if (limits) return [{ judged: judge(comparison, limits), limits, action: action.name }]
    return fields.has(action, comparison.path)
      ? [{ judged: 'open', limits: undefined, action: action.name }]
      : []
  })
}

function comparisonWords(
  { literal, operator, path }: Comparison,
  judged: ComparisonResult,
): string {
  const value = literal.kind === 'integer' ? literal.text : `"${literal.text}"`
  if (operator === 'like') return `no value of \`${path}\` is like ${value}, so this never matches`
  if (operator === '==') return `\`${path}\` can never be ${value}, so this never matches`
  return judged === 'differs'
    ? `\`${path}\` can never be ${value}, so this always holds`
    : `\`${path}\` can never be ${operator} ${value}, so this never matches`
}

const MAX_NAMED = 12

/** Writes what the value can be, and the one that was probably meant. */
function helpFor({ literal }: Comparison, limits: Limits): string {
  if ('enum' in limits && limits.enum) {
    const meant = limits.kind === 'string' ? nearest(literal.text, limits.enum) : undefined
    const values = limits.enum.slice(0, MAX_NAMED).map((value) => JSON.stringify(value))
    const more = limits.enum.length > MAX_NAMED ? ', …' : ''
    return [meant, `it can be: ${values.join(', ')}${more}`].filter(Boolean).join('; ')
  }
  const { kind, ...rest } = limits
  const said = Object.entries(rest).map(([name, value]) => `${name} ${value}`)
  return `it is a ${kind} with ${said.join(', ')}`
}
