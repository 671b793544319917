import type { Environment, ParseResult } from '@marcbachmann/cel-js'
import type { Json } from '../lib/json.ts'
import { LruCache } from '../lib/lru-cache.ts'
import { Cost, type Inputs, type Node } from './cost.ts'
import { fromCel, UnmappableCall } from './values.ts'

/** Characters of one expression, as it is written. */
const MAX_CHARACTERS = 1_024
const LIMITS = {
  maxAstNodes: 256,
  maxDepth: 24,
  maxListElements: 64,
  maxMapEntries: 64,
  maxCallArguments: 8,
} as const
/** Steps of all expressions of a mapping together (`cost.ts`): some ten milliseconds. */
const MAX_STEPS = 2_000_000
const MAX_KEPT = 1_000

type ExpressionResult = ParseResult | UnmappableCall

/** CEL over some variables. It is loaded when the first mapping counts: most servers have none. */
export class Expressions {
  readonly #environment: Environment
  readonly #parsed = new LruCache<ExpressionResult>(MAX_KEPT)

  private constructor(environment: Environment) {
    this.#environment = environment
  }

  static async load(variables: readonly string[]): Promise<Expressions> {
    const { Environment } = await import('@marcbachmann/cel-js')
    const options = { enableOptionalTypes: true, homogeneousAggregateLiterals: false }
    const environment = new Environment({ ...options, limits: LIMITS })
    for (const name of variables) environment.registerVariable(name, 'dyn')
    return new Expressions(environment)
  }

  /**
   * Reads an expression that is to count later; `inputs`: the variables, with or without anything in them.
   * @throws UnmappableCall where it is no expression, names something that is not there, or uses a function without a bound
   */
  read(text: string, inputs: Inputs): Node {
    const parsed = this.#parse(text)
    if (parsed instanceof UnmappableCall) throw parsed
    const { error, valid } = parsed.check()
    if (!valid) throw new UnmappableCall(`an expression is wrong: ${firstLine(error)}`)
    new Cost(inputs).of(parsed.ast)
    return parsed.ast
  }

  /** Makes the scope of one call: what its expressions take together is bounded. */
  over(inputs: Inputs, maxSteps = MAX_STEPS): ExpressionScope {
    return new ExpressionScope(inputs, (text) => this.#parse(text), maxSteps)
  }

  #parse(text: string): ExpressionResult {
    return this.#parsed.get(text, 0) ?? this.#parsed.put(text, 0, this.#read(text))
  }

  #read(text: string): ExpressionResult {
    if (text.length > MAX_CHARACTERS)
      return new UnmappableCall(`an expression has more than ${MAX_CHARACTERS} characters`)
    try {
      return this.#environment.parse(text)
    } catch {
      return new UnmappableCall('an expression is not CEL, or has too many parts')
    }
  }
}

export class ExpressionScope {
  readonly #inputs: Inputs
  readonly #cost: Cost
  readonly #parse: (text: string) => ExpressionResult
  #left: number

  constructor(inputs: Inputs, parse: (text: string) => ExpressionResult, maxSteps: number) {
    this.#left = maxSteps
    this.#inputs = inputs
    this.#cost = new Cost(inputs)
    this.#parse = parse
  }

  /**
   * `undefined`: absent.
   * INVARIANT: what it could take is known before any of it is evaluated.
   * @throws Unmapped
   */
  value(text: string): Json | undefined {
    const parsed = this.#parse(text)
    if (parsed instanceof UnmappableCall) throw parsed
    this.#left -= this.#cost.of(parsed.ast)
    if (!(this.#left >= 0))
      throw new UnmappableCall('its expressions could take too long on this call')
    let result: unknown
    try {
      result = parsed(Object.fromEntries(this.#inputs))
    } catch (error) {
      throw new UnmappableCall(`an expression fails: ${firstLine(error)}`)
    }
    return fromCel(result)
  }
}

function firstLine(error: unknown): string {
  const [line = ''] = error instanceof Error ? error.message.split('\n', 1) : []
  return line.slice(0, 200)
}
