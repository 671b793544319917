/**
 * Reads of a context by policies. Two contexts that look the same to it are answered alike, so an answer may be kept for as
 * long as what the policies see is the same: hours of work, and not milliseconds.
 */

import { contextTerm, type PolicyJson, type RecordValue } from '@remit/engine'
import { isRecord } from '../../platform/lib/json.ts'

/** Members that are other ones with every question. The rest of a context is compared as it is. */
const FLEETING: ReadonlySet<unknown> = new Set(['now', 'origin'])

/** Parts of a context that one policy looks at. */
export class ContextReads {
  /** True: it takes the context as a whole, or reads it in a way that is not known here. */
  #whole = false
  readonly #members = new Set<string>()
  readonly #terms: ((context: RecordValue) => string)[] = []
  readonly #id: string

  /** @throws CompileError */
  constructor(id: string, { conditions }: Pick<PolicyJson, 'conditions'>) {
    this.#id = id
    for (const { body } of conditions) this.#collect(body)
  }

  /** True: contexts make no difference to it. */
  get isEmpty(): boolean {
    return !this.#whole && this.#terms.length === 0
  }

  /** Writes the visible part of a context: the same text for two contexts only where the policy cannot tell them apart. */
  seen(context: RecordValue): string {
    if (this.#whole) return context.key
    const parts = this.#terms.map((term) => term(context))
    return parts.map((part) => `${part.length}:${part}`).join('')
  }

  #collect(expression: unknown): void {
    if (this.#take(expression) === 'fleeting') this.#term(expression)
  }

  #term(expression: unknown): void {
    this.#terms.push(contextTerm(this.#id, expression))
  }

  /**
   * Goes through an expression. `fixed`: it looks at nothing. `fleeting`: at nothing but fleeting members of the context, so that its
   * value says all that is seen of them. `other`: anything else, and its parts are noted.
   * INVARIANT: a form that is not known here counts as a look at the whole context.
   */
  #take(expression: unknown): Sight {
    if (!isRecord(expression)) return this.#unknown()
    const [operator, ...more] = Object.keys(expression)
    if (operator === undefined || more.length > 0) return this.#unknown()
    const inner = expression[operator]
    if (operator === 'Value') return hasEntity(inner) ? 'other' : 'fixed'
    if (operator === 'Var') return inner === 'context' ? this.#unknown() : 'other'
    if (isArray(inner)) return this.#together(inner, true)
    if (!isRecord(inner)) return this.#unknown()
    const { attr, left } = inner
    if ((operator === '.' || operator === 'has') && isContext(left)) return this.#member(attr)
    const parts = operandsOf(operator, inner)
    if (!parts) return this.#unknown()
    // What entities have, and where they are, is no matter of the context.
    return this.#together(parts, !OF_ENTITIES.has(operator))
  }

  #member(attr: unknown): Sight {
    const name: unknown = isArray(attr) ? attr[0] : attr
    if (FLEETING.has(name)) return 'fleeting'
    if (typeof name !== 'string') return this.#unknown()
    if (!this.#members.has(name)) this.#term({ '.': { left: { Var: 'context' }, attr: name } })
    this.#members.add(name)
    return 'other'
  }

  #together(parts: readonly unknown[], isOpen: boolean): Sight {
    const sights = parts.map((part) => ({ part, sight: this.#take(part) }))
    if (isOpen && sights.every(({ sight }) => sight !== 'other'))
      return sights.some(({ sight }) => sight === 'fleeting') ? 'fleeting' : 'fixed'
    for (const { part, sight } of sights) if (sight === 'fleeting') this.#term(part)
    return 'other'
  }

  #unknown(): Sight {
    this.#whole = true
    return 'other'
  }
}

type Sight = 'fixed' | 'fleeting' | 'other'

const OF_ENTITIES = new Set(['in', 'is', 'hasTag', 'getTag'])
/** Members of an operation that hold expressions, and those that hold words. */
const EXPRESSIONS = new Set(['left', 'right', 'arg', 'if', 'then', 'else', 'in'])
const WORDS = new Set(['attr', 'pattern', 'entity_type'])

/** Lists the expressions that an operation is made of; `undefined`: there is something else in it. */
function operandsOf(
  operator: string,
  inner: Readonly<Record<string, unknown>>,
): readonly unknown[] | undefined {
  if (operator === 'Record') return Object.values(inner)
  const names = Object.keys(inner)
  if (!names.every((name) => EXPRESSIONS.has(name) || WORDS.has(name))) return undefined
  return names.filter((name) => EXPRESSIONS.has(name)).map((name) => inner[name])
}

function isContext(expression: unknown): boolean {
  return isRecord(expression) && expression.Var === 'context'
}

/** INVARIANT: a term meets no entity, whose attributes are no matter of the context. */
function hasEntity(value: unknown): boolean {
  if (isArray(value)) return value.some(hasEntity)
  if (!isRecord(value)) return false
  return Object.hasOwn(value, '__entity') || Object.values(value).some(hasEntity)
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
