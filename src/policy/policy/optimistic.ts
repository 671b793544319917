import type { PolicyJson } from '@remit/engine'

/** A policy without the arguments of a call: what it could say, whatever they are. */
export interface OptimisticJson {
  readonly policy: PolicyJson
  /** Arguments change nothing about it: it says the same as before, and fails where it failed before. */
  readonly exact: boolean
}

/**
 * Takes everything about arguments out of a policy, so that the rest errs on one side only:
 *
 * - a permit then holds wherever it holds for *some* arguments, and perhaps elsewhere;
 * - a forbid then holds only where it holds for *all* arguments, and perhaps not everywhere there.
 *
 * So what the set denies then, no arguments make permitted. Errors of a policy that is not `exact` are ignored:
 * with real arguments the failing part might never be evaluated.
 */
export function optimistic(
  { action, conditions, effect, principal, resource }: PolicyJson,
  open: Open = 'arguments',
): OptimisticJson {
  const side = effect === 'permit' ? 'some' : 'all'
  const approximation = new Approximation(open)
  return {
    policy: {
      effect,
      principal,
      action,
      resource,
      conditions: conditions.map((clause) => approximation.clauseFor(side, clause)),
    },
    exact: !conditions.some(({ body }) => approximation.isUncertain(body)),
  }
}

/**
 * Turns a policy into a forbid for calls with unknown arguments. A policy that reads arguments forbids on its whole scope; a
 * requestable forbid stays as it is. `undefined`: any other policy.
 */
export function stopping(
  { exact, policy }: OptimisticJson,
  requestable: boolean,
): PolicyJson | undefined {
  if (!exact) return { ...policy, effect: 'forbid', conditions: [] }
  return requestable ? policy : undefined
}

/**
 * Part of a call that is not known yet: its arguments, with its risk; or all of its
 * context.
 */
export type Open = 'arguments' | 'context'

/** Side of the arguments for which an expression has to hold. */
type Side = 'some' | 'all'

const OTHER = { some: 'all', all: 'some' } as const

type Clause = PolicyJson['conditions'][number]
type Expr = object

/** Approximation of the expressions of one policy. */
class Approximation {
  readonly #open: Open
  /** Every part is asked about once, however deep it is. */
  readonly #uncertain = new WeakMap<object, boolean>()

  constructor(open: Open) {
    this.#open = open
  }

  clauseFor(side: Side, { body, kind }: Clause): Clause {
    return { kind, body: this.#approximate(kind === 'when' ? side : OTHER[side], body) }
  }

  /**
   * `some`: holds where `expr` holds for some arguments, and perhaps elsewhere. `all`: holds only where `expr` holds for all of
   * them. What connects truth values is looked into; of anything else that depends on arguments nothing is known.
   * INVARIANT: an unknown value is true for `some` and false for `all`, and every negation changes the side.
   */
  #approximate(side: Side, expr: Expr): Expr {
    if (!this.isUncertain(expr)) return expr
    const part = (inner: Expr) => this.#approximate(side, inner)
    if (isAnd(expr)) return and(part(expr['&&'].left), part(expr['&&'].right))
    if (isOr(expr)) return or(part(expr['||'].left), part(expr['||'].right))
    if (isNot(expr)) return not(this.#approximate(OTHER[side], expr['!'].arg))
    if (isChoice(expr)) {
      const { if: condition, else: no, then: yes } = expr['if-then-else']
      const [left, right] = [part(yes), part(no)]
      if (!this.isUncertain(condition)) return or(and(condition, left), and(not(condition), right))
      // Either branch may be the one: for some arguments one of them has to hold, for all arguments both.
      return side === 'some' ? or(left, right) : and(left, right)
    }
    return { Value: side === 'some' }
  }

  /**
   * Tells whether the value of an expression (Cedar's JSON policy format) is open while the
   * arguments are: it reads `context.args` or `context.risk`, or takes the context as a whole, or
   * holds a number that did not survive JSON.
   * INVARIANT: a form that is not known here counts as one that is.
   */
  isUncertain(expr: unknown): boolean {
    if (!isObjectOrList(expr)) return true
    const known = this.#uncertain.get(expr)
    if (known !== undefined) return known
    const found = this.#looksAtArguments(expr)
    this.#uncertain.set(expr, found)
    return found
  }

  #looksAtArguments(expr: Readonly<Record<string, unknown>>): boolean {
    const [member, ...more] = Object.entries(expr)
    if (!member || more.length > 0) return true
    const [name, inner] = member
    if (name === 'Value') return !isExact(inner)
    if (name === 'Var') return inner === 'context'
    if (Array.isArray(inner)) return inner.some((each) => this.isUncertain(each))
    if (!isObjectOrList(inner)) return true
    if (name === 'Record') return Object.values(inner).some((each) => this.isUncertain(each))
    if (this.#open === 'context' && (isRisk(inner.left) || isContext(inner.left))) return true
    // INVARIANT: how a call is weighed depends on its arguments, all but the class of its action.
    if (name === '.' && inner.attr === 'class' && isRisk(inner.left)) return false
    if ((name === '.' || name === 'has') && isContext(inner.left)) return isOpen(inner.attr)
    return Object.entries(inner).some(([key, value]) =>
      EXPRESSIONS.has(key) ? this.isUncertain(value) : !WORDS.has(key),
    )
  }
}

/** Members of an expression that hold expressions, and those that hold words. */
const EXPRESSIONS = new Set(['left', 'right', 'arg', 'if', 'then', 'else', 'in'])
const WORDS = new Set(['attr', 'pattern', 'entity_type'])

interface Operands {
  readonly left: Expr
  readonly right: Expr
}

function and(left: Expr, right: Expr): Expr {
  return { '&&': { left, right } }
}

function or(left: Expr, right: Expr): Expr {
  return { '||': { left, right } }
}

function not(arg: Expr): Expr {
  return { '!': { arg } }
}

function isAnd(expr: Expr): expr is { '&&': Operands } {
  return '&&' in expr
}

function isOr(expr: Expr): expr is { '||': Operands } {
  return '||' in expr
}

function isNot(expr: Expr): expr is { '!': { arg: Expr } } {
  return '!' in expr
}

function isChoice(expr: Expr): expr is { 'if-then-else': { if: Expr; then: Expr; else: Expr } } {
  return 'if-then-else' in expr
}

function isContext(expr: unknown): boolean {
  return isObjectOrList(expr) && expr.Var === 'context'
}

/** `context.risk` */
function isRisk(expr: unknown): boolean {
  const access = isObjectOrList(expr) ? expr['.'] : undefined
  return isObjectOrList(access) && access.attr === 'risk' && isContext(access.left)
}

/** Tells whether a member is open while the arguments are. `has` may name a path. */
function isOpen(attribute: unknown): boolean {
  const first: unknown = Array.isArray(attribute) ? attribute[0] : attribute
  return typeof first !== 'string' || first === 'args' || first === 'risk'
}

/** An integer beyond 2^53 is exact as a `bigint`; as a number it was rounded. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return !isObjectOrList(value) || Object.values(value).every(isExact)
}

function isObjectOrList(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
