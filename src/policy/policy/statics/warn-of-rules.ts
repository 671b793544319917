import { type Findings, type ParsedPolicy, positionAt } from '../../cedar/index.ts'
import { entitiesOf, type Rule, ruleOf, scopeCovers } from './rule.ts'
import { contradictionIn, isWithin } from './terms.ts'

/** Pairs of rules that are compared; a text with more is not looked at to the end. */
const MAX_PAIRS = 2_000_000

/**
 * Warns of rules that cannot have the meant effect: that never apply, add nothing to another one, or are taken back whole by one. Each
 * is said with its reason, and only what is certain is said.
 */
export function warnOfRules(
  text: string,
  policies: readonly ParsedPolicy[],
  found: Pick<Findings, 'warning'>,
): void {
  const rules = policies.map(ruleOf)
  const lineOf = ({ start }: Rule) => positionAt(text, start).line
  const ruleInLine = (rule: Rule) => `\`${rule.id}\` in line ${lineOf(rule)}`
  const dead = new Set<Rule>()
  for (const rule of rules) {
    const never = contradictionIn([...scopeTerms(rule), ...rule.terms])
    if (never !== undefined) {
      dead.add(rule)
      found.warning(rule.id, rule.start, `never applies: ${never}`, 'correct it, or remove it')
    } else if (permitsEverything(rule)) {
      found.warning(
        rule.id,
        rule.start,
        'permits everybody everything: nothing limits a call then but its task and rules that forbid',
        'name who and what, or add a condition',
      )
    }
  }
  const alive = rules.filter((rule) => !dead.has(rule))
  for (const { outer, rule } of nextTo(alive)) {
    if (outer.effect === rule.effect) {
      if (isSameRule(outer, rule)) {
        if (outer.start > rule.start) continue
        found.warning(
          rule.id,
          rule.start,
          `says the same as ${ruleInLine(outer)}`,
          'remove one of them',
        )
      } else if (rule.effect === 'permit' && isPlain(rule)) {
        found.warning(
          rule.id,
          rule.start,
          `permits nothing that ${ruleInLine(outer)} does not permit`,
          NARROWER,
        )
      } else if (rule.effect === 'forbid' && !outer.requestable) {
        const what = rule.requestable
          ? 'asks no one: its calls are'
          : 'forbids nothing more: its calls are'
        found.warning(rule.id, rule.start, `${what} forbidden by ${ruleInLine(outer)}`, NARROWER)
      }
    } else if (outer.effect === 'forbid' && !outer.requestable) {
      found.warning(
        rule.id,
        rule.start,
        `permits nothing: all of it is forbidden by ${ruleInLine(outer)}`,
        NARROWER,
      )
    }
  }
}

const NARROWER = 'remove it, or make the other one narrower'

/** Each rule with the first other one that covers it whole, of either effect. */
function* nextTo(rules: readonly Rule[]): Generator<{ readonly rule: Rule; readonly outer: Rule }> {
  const byAction = new Map<string, Rule[]>()
  for (const rule of rules) {
    const names = entitiesOf(rule.scope.action).map(({ id }) => id)
    for (const name of rule.scope.action.op === 'All' ? [''] : new Set(names))
      byAction.set(name, [...(byAction.get(name) ?? []), rule])
  }
  let pairs = 0
  for (const rule of rules) {
    const [first] = entitiesOf(rule.scope.action)
    const near = [...(byAction.get('') ?? []), ...(first ? (byAction.get(first.id) ?? []) : [])]
    pairs += near.length
    if (pairs > MAX_PAIRS) return
    const outer = near.filter((other) => other !== rule && coversWhole(other, rule))
    const told = outer.find(({ effect }) => effect === 'forbid') ?? outer[0]
    if (told) yield { rule, outer: best(outer, rule) ?? told }
  }
}

/** The one that says most: the same again, then one that forbids for good, then any. */
function best(outer: readonly Rule[], rule: Rule): Rule | undefined {
  const forGood = ({ effect, requestable }: Rule) => effect === 'forbid' && !requestable
  return (
    outer.find((other) => isSameRule(other, rule) && other.start < rule.start) ??
    outer.find(forGood) ??
    outer.find((other) => other.effect === rule.effect && !isSameRule(other, rule))
  )
}

function coversWhole(outer: Rule, inner: Rule): boolean {
  return scopeCovers(outer.scope, inner.scope) && isWithin(outer.terms, inner.terms)
}

function isSameRule(a: Rule, b: Rule): boolean {
  return a.effect === b.effect && a.acts === b.acts && coversWhole(a, b) && coversWhole(b, a)
}

/** A permit that obliges to something is there for that, too. */
function isPlain({ acts }: Rule): boolean {
  return acts === '[]'
}

function permitsEverything({ effect, scope, terms }: Rule): boolean {
  const open = [scope.principal, scope.action, scope.resource].every(({ op }) => op === 'All')
  return effect === 'permit' && open && terms.length === 0
}

/** `principal == …` of the scope, so that it can contradict a condition. */
function scopeTerms({ scope }: Rule) {
  return (['principal', 'action', 'resource'] as const).flatMap((name) => {
    const constraint = scope[name]
    if (constraint.op !== '==') return []
    const right = { Value: { __entity: constraint.entity } }
    const expr = { '==': { left: { Var: name }, right } }
    return [{ text: JSON.stringify(expr), holds: true, expr }]
  })
}
