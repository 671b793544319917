/** From Cedar's JSON form of an expression to something that can be evaluated. */
import { EXTENSION_FUNCTIONS, TESTS } from './extensions.ts'
import { CompileError } from './failure.ts'
import { hasExactly, isArray, isObject, type JsonObject } from './json.ts'
import { ANY, likeMatcher, type PatternElement } from './like.ts'
import { choice, every, some } from './logic.ts'
import { BINARY, UNARY } from './operators.ts'
import { attribute, getTag, has, hasTag, is, isIn, ofContext, textOf } from './reading.ts'
import { any, constant, folded, type Part, type Run, test } from './run.ts'
import { RecordValue, SetValue, type Value } from './value.ts'
import { isTypeName, valueFromJson } from './value-json.ts'

export const EXPRESSION_LIMITS = {
  /** Maximum depth of expressions inside of each other; a chain of `&&` or `||` counts once. */
  depth: 400,
  /** Maximum number of expressions in one policy. */
  size: 100_000,
} as const

/** Compiles the expressions of one policy. Never guesses: what is not known here is a `CompileError`. */
export class Expressions {
  readonly #policy: string
  #size = 0

  constructor(policy: string) {
    this.#policy = policy
  }

  /** @throws CompileError */
  compile(expression: unknown, path: string): Part {
    return this.#part(expression, path, 0)
  }

  #part(expression: unknown, path: string, depth: number): Part {
    this.#size++
    if (depth > EXPRESSION_LIMITS.depth)
      throw this.#error(path, `nested deeper than ${EXPRESSION_LIMITS.depth}`)
    if (this.#size > EXPRESSION_LIMITS.size)
      throw this.#error(path, `more than ${EXPRESSION_LIMITS.size} expressions`)
    if (!isObject(expression)) throw this.#error(path, 'not an expression')
    const [operator, ...more] = Object.keys(expression)
    if (operator === undefined || more.length > 0)
      throw this.#error(path, 'not an expression with one operator')
    const at = `${path}/${operator}`
    const inner = expression[operator]
    if (operator === '&&' || operator === '||') {
      const operands = this.#chain(operator, expression, path, depth)
      return operator === '&&' ? every(operands) : some(operands)
    }
    // What is in `Value` is data, whatever its form.
    if (operator === 'Value') return this.#leaf(operator, inner, at)
    if (isArray(inner)) return this.#list(operator, inner, at, depth + 1)
    return isObject(inner)
      ? this.#operation(operator, inner, at, depth + 1)
      : this.#leaf(operator, inner, at)
  }

  /** The operands of `a && b && c`, however they are bracketed: it is the same from left to right. */
  #chain(operator: string, whole: JsonObject, path: string, depth: number): readonly Part[] {
    const operands: Part[] = []
    const todo: unknown[] = [whole]
    while (todo.length > 0) {
      const next = todo.pop()
      const link = isObject(next) ? next[operator] : undefined
      if (!isObject(next) || !hasExactly(next, operator)) {
        operands.push(this.#part(next, `${path}/${operator}`, depth + 1))
        continue
      }
      if (++this.#size > EXPRESSION_LIMITS.size)
        throw this.#error(path, `more than ${EXPRESSION_LIMITS.size} expressions`)
      if (!isObject(link) || !hasExactly(link, 'left', 'right'))
        throw this.#error(`${path}/${operator}`, 'needs a left and a right side')
      todo.push(link.right, link.left)
    }
    return operands
  }

  #leaf(operator: string, inner: unknown, at: string): Part {
    switch (operator) {
      case 'Value':
        try {
          return constant(valueFromJson(inner))
        } catch (error) {
          throw this.#error(at, error instanceof Error ? error.message : String(error))
        }
      case 'Var':
        return this.#variable(inner, at)
      default:
        throw this.#error(at, `\`${operator}\` is not known`)
    }
  }

  #variable(name: unknown, at: string): Part {
    switch (name) {
      case 'principal':
        return any((run) => run.principal)
      case 'action':
        return any((run) => run.action)
      case 'resource':
        return any((run) => run.resource)
      case 'context':
        return any((run) => run.context)
      default:
        throw this.#error(at, 'not a variable')
    }
  }

  /**
   * Compiles an expression that has its operands in a list: sets, and calls of extension functions.
   */
  #list(operator: string, inner: readonly unknown[], at: string, depth: number): Part {
    const called = EXTENSION_FUNCTIONS.get(operator)
    if (operator !== 'Set' && !called) throw this.#error(at, `\`${operator}\` is not known`)
    const parts = inner.map((each, i) => this.#part(each, `${at}/${i}`, depth))
    const runs = parts.map(({ run }) => run)
    if (!called)
      return folded(
        parts,
        any((run) => new SetValue(runs.map((each) => each(run)))),
      )
    const [a, b, ...others] = runs
    const make = TESTS.has(operator)
      ? (run: (at: Run) => Value) => test(run as (at: Run) => boolean) // as: these say true or false
      : any
    if (called.arity === 1 && a && !b)
      return folded(
        parts,
        make((run) => called.call(a(run))),
      )
    if (called.arity === 2 && a && b && others.length === 0)
      return folded(
        parts,
        make((run) => called.call(a(run), b(run))),
      )
    throw this.#error(at, `\`${operator}\` is called with ${runs.length} arguments`)
  }

  #operation(operator: string, inner: JsonObject, at: string, depth: number): Part {
    const part = (name: string) => this.#part(inner[name], `${at}/${name}`, depth)
    const only = (...names: readonly string[]) => {
      if (!hasExactly(inner, ...names)) throw this.#error(at, `needs ${names.join(', ')}`)
    }
    const unary = UNARY.get(operator)
    if (unary) {
      only('arg')
      return unary(part('arg'))
    }
    const binary = BINARY.get(operator) ?? ON_ENTITIES.get(operator)
    if (binary) {
      only('left', 'right')
      return binary(part('left'), part('right'))
    }
    switch (operator) {
      case '.':
        only('left', 'attr')
        return this.#attribute(inner, part, at)
      case 'has':
        only('left', 'attr')
        return has(part('left'), this.#names(inner.attr, at))
      case 'like':
        only('left', 'pattern')
        return this.#like(part('left'), inner.pattern, at)
      case 'is':
        return this.#is(inner, part, at)
      case 'if-then-else':
        only('if', 'then', 'else')
        return choice(part('if'), part('then'), part('else'))
      case 'Record':
        return this.#record(inner, part)
      default:
        throw this.#error(at, `\`${operator}\` is not known`)
    }
  }

  #attribute(inner: JsonObject, part: (name: string) => Part, at: string): Part {
    const { attr, left } = inner
    if (typeof attr !== 'string') throw this.#error(at, 'an attribute without a name')
    if (isObject(left) && left.Var === 'context' && hasExactly(left, 'Var')) return ofContext(attr)
    return attribute(part('left'), attr)
  }

  #names(attr: unknown, at: string): readonly string[] {
    const names = isArray(attr) ? attr : [attr]
    const texts = names.filter((name) => typeof name === 'string')
    if (texts.length === 0 || texts.length < names.length)
      throw this.#error(at, 'attributes without names')
    return texts
  }

  #like(left: Part, pattern: unknown, at: string): Part {
    if (!isArray(pattern)) throw this.#error(at, 'a pattern is a list')
    const matches = likeMatcher(pattern.map((element) => this.#element(element, at)))
    const { run: of } = left
    return folded(
      [left],
      test((run) => matches(textOf(of(run)))),
    )
  }

  #element(element: unknown, at: string): PatternElement {
    if (element === 'Wildcard') return ANY
    if (isObject(element) && typeof element.Literal === 'string' && hasExactly(element, 'Literal'))
      return element.Literal
    throw this.#error(at, 'not an element of a pattern')
  }

  #is(inner: JsonObject, part: (name: string) => Part, at: string): Part {
    const { entity_type: type } = inner
    const within = Object.hasOwn(inner, 'in')
    const names = within ? ['left', 'entity_type', 'in'] : ['left', 'entity_type']
    if (typeof type !== 'string' || !hasExactly(inner, ...names))
      throw this.#error(at, `needs ${names.join(', ')}`)
    if (!isTypeName(type)) throw this.#error(at, `\`${type}\` is no name of a type`)
    const left = part('left')
    return within ? every([is(left, type), isIn(left, part('in'))]) : is(left, type)
  }

  #record(inner: JsonObject, part: (name: string) => Part): Part {
    const members = Object.keys(inner).map((name) => ({ name, part: part(name) }))
    const made = any(
      (run) =>
        new RecordValue(new Map(members.map(({ name, part: { run: of } }) => [name, of(run)]))),
    )
    return folded(
      members.map((member) => member.part),
      made,
    )
  }

  #error(path: string, words: string): CompileError {
    return new CompileError(this.#policy, path, words)
  }
}

const ON_ENTITIES = new Map([
  ['in', isIn],
  ['hasTag', hasTag],
  ['getTag', getTag],
])
