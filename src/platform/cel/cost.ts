import { type CelValue, UnmappableCall } from './values.ts'

/** A node of a parsed expression, as far as this reads it. */
export interface Node {
  readonly op: string
  readonly args: unknown
}

/** Upper bounds of what an expression answers, and of what it takes to find out. */
interface Bound {
  readonly steps: number
  /** Characters and values in it. */
  readonly size: number
  /** Members or elements. */
  readonly count: number
  /** Size of the largest of them. */
  readonly each: number
  /** Value of a part of the inputs that is known before. */
  readonly known?: CelValue
}

export type Inputs = ReadonlyMap<string, CelValue>
type Variables = ReadonlyMap<string, Bound>

/** Cost of one node; a character that is looked at costs one. */
const NODE = 10
/** Characters of a number in words. */
const SCALAR = 24

const PLAIN_CALLS = new Set(['size', 'string', 'int', 'double', 'bool', 'dyn', 'has'])
const TEXT_CALLS = new Set([
  'startsWith',
  'endsWith',
  'lowerAscii',
  'upperAscii',
  'trim',
  'substring',
  'size',
])
const OPTIONAL_CALLS = new Set(['orValue', 'or', 'hasValue', 'value', 'of', 'none'])
const LOOPS = new Set(['exists', 'all', 'exists_one', 'filter', 'map'])

/**
 * Calculator of what an expression could cost over these inputs, before any of it is evaluated:
 * loops multiply, texts and lists that grow are followed. Functions that are not known here are refused:
 * regular expressions, bindings, bytes, times.
 * @throws Unmapped
 */
export class Cost {
  readonly #inputs: Variables
  readonly #sizes = new WeakMap<object, number>()

  constructor(inputs: Inputs) {
    this.#inputs = new Map(Array.from(inputs, ([name, value]) => [name, this.#known(value)]))
  }

  of(node: Node): number {
    return this.#visit(node, this.#inputs).steps
  }

  #visit(node: Node, names: Variables): Bound {
    const { op } = node
    const args: readonly unknown[] = Array.isArray(node.args) ? node.args : [node.args]
    switch (op) {
      case 'value':
        return this.#literal(args[0])
      case 'id':
        return nameIn(names, args[0])
      case '.':
      case '.?':
        return this.#member(this.#visit(nodeAt(args, 0), names), args[1])
      case '[]':
      case '[?]':
        return this.#index(args, names)
      case 'call':
        return this.#call(args, names)
      case 'rcall':
        return this.#method(args, names)
      case '+':
        return grown(this.#all(args, names))
      case 'list':
        return made(this.#all(args, names))
      case 'map':
        return made(this.#all(args.flat(), names))
      case '?:':
        return either(this.#all(args, names))
      default:
        if (!SCALARS.has(op)) throw new UnmappableCall(`an expression uses \`${op.slice(0, 32)}\``)
        return scalar(looked(this.#all(args, names)))
    }
  }

  #all(args: readonly unknown[], names: Variables): readonly Bound[] {
    return args.map((_, i) => this.#visit(nodeAt(args, i), names))
  }

  #literal(value: unknown): Bound {
    if (typeof value === 'string') return this.#known(value)
    if (typeof value === 'object' && value !== null)
      throw new UnmappableCall('an expression has a literal that is no JSON value')
    return scalar(NODE)
  }

  #member(base: Bound, name: unknown): Bound {
    const steps = base.steps + NODE
    if (base.known === undefined) return part(base, steps)
    const found = base.known instanceof Map ? base.known.get(name) : undefined
    return found === undefined ? scalar(steps) : { ...this.#known(found), steps }
  }

  #index(args: readonly unknown[], names: Variables): Bound {
    const base = this.#visit(nodeAt(args, 0), names)
    const key = this.#visit(nodeAt(args, 1), names)
    const steps = base.steps + key.steps + key.size + NODE
    if (typeof key.known === 'string') return { ...this.#member(base, key.known), steps }
    return part(base, steps)
  }

  #call([name, given]: readonly unknown[], names: Variables): Bound {
    if (!PLAIN_CALLS.has(String(name))) throw unknownCall(name)
    const args = this.#all(Array.isArray(given) ? given : [], names)
    if (name === 'dyn' && args[0]) return args[0]
    const { size = 0 } = args[0] ?? {}
    return { ...scalar(looked(args)), size: size + SCALAR }
  }

  #method([name, on, given]: readonly unknown[], names: Variables): Bound {
    const call = String(name)
    const args: readonly unknown[] = Array.isArray(given) ? given : []
    if (OPTIONAL_CALLS.has(call)) {
      const isMaker = isNode(on) && on.op === 'id' && on.args === 'optional'
      return either(this.#all(isMaker ? args : [on, ...args], names))
    }
    if (LOOPS.has(call)) return this.#loop(call, [on, ...args], names)
    const bounds = this.#all([on, ...args], names)
    const [text, other] = bounds
    const size = 3 * (text?.size ?? 0)
    if (call === 'contains') return scalar(looked(bounds) + (text?.size ?? 0) * (other?.size ?? 0))
    if (!TEXT_CALLS.has(call)) throw unknownCall(name)
    return { ...scalar(looked(bounds) + size), size: size + SCALAR }
  }

  #loop(call: string, args: readonly unknown[], names: Variables): Bound {
    const [, variable] = args
    if (args.length !== 3 || !isNode(variable) || variable.op !== 'id') throw unknownCall(call)
    const list = this.#visit(nodeAt(args, 0), names)
    const { count, each } = list
    const element: Bound = { steps: NODE, size: each, count: each, each }
    const body = this.#visit(nodeAt(args, 2), new Map([...names, [String(variable.args), element]]))
    const steps = list.steps + NODE + count * (body.steps + NODE)
    if (call === 'map') return { steps, size: 1 + count * body.size, count, each: body.size }
    if (call === 'filter') return { steps, size: list.size, count, each }
    return scalar(steps)
  }

  #known(known: CelValue): Bound {
    const parts =
      known instanceof Map ? [...known.values()] : Array.isArray(known) ? known : undefined
    const size = this.#sizeOf(known)
    let each = size
    if (parts) {
      each = 1
      for (const item of parts) each = Math.max(each, this.#sizeOf(item))
    }
    return { steps: NODE, size, count: parts?.length ?? size, each, known }
  }

  #sizeOf(value: CelValue): number {
    if (typeof value === 'string') return 1 + value.length
    if (typeof value !== 'object' || value === null) return SCALAR
    const measured = this.#sizes.get(value)
    if (measured !== undefined) return measured
    let size = 1
    if (value instanceof Map)
      for (const [name, item] of value) size += String(name).length + this.#sizeOf(item)
    else if (Array.isArray(value)) for (const item of value) size += this.#sizeOf(item)
    this.#sizes.set(value, size)
    return size
  }
}

const SCALARS = new Set([
  '||',
  '&&',
  '!_',
  '-_',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  '-',
  '*',
  '/',
  '%',
])

function scalar(steps: number): Bound {
  return { steps, size: SCALAR, count: SCALAR, each: SCALAR }
}

/** Bounds some part of a value: not more than all of it. */
function part({ size }: Bound, steps: number): Bound {
  return { steps, size, count: size, each: size }
}

/** Bounds a call that evaluates all of it, and looks once at all that comes out. */
function looked(bounds: readonly Bound[]): number {
  return bounds.reduce((sum, { count, size, steps }) => sum + steps + size + count, NODE)
}

function grown(bounds: readonly Bound[]): Bound {
  const size = bounds.reduce((sum, bound) => sum + bound.size, 0)
  const count = bounds.reduce((sum, bound) => sum + bound.count, 0)
  return { steps: looked(bounds), size, count, each: most(bounds, ({ each }) => each) }
}

function made(bounds: readonly Bound[]): Bound {
  const size = bounds.reduce((sum, bound) => sum + bound.size, 1)
  const each = most(bounds, (bound) => bound.size)
  return { steps: looked(bounds), size, count: bounds.length, each }
}

function either(bounds: readonly Bound[]): Bound {
  return {
    steps: looked(bounds),
    size: most(bounds, ({ size }) => size),
    count: most(bounds, ({ count }) => count),
    each: most(bounds, ({ each }) => each),
  }
}

function most(bounds: readonly Bound[], of: (bound: Bound) => number): number {
  return bounds.reduce((max, bound) => Math.max(max, of(bound)), 1)
}

function nameIn(names: Variables, name: unknown): Bound {
  const bound = names.get(String(name))
  if (!bound)
    throw new UnmappableCall('an expression speaks of something other than params and token')
  return bound
}

function nodeAt(args: readonly unknown[], at: number): Node {
  const node = args[at]
  if (!isNode(node)) throw new UnmappableCall('an expression cannot be read')
  return node
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && 'op' in value && typeof value.op === 'string'
  )
}

function unknownCall(name: unknown): UnmappableCall {
  return new UnmappableCall(
    `an expression calls \`${String(name).slice(0, 32)}\`, which is not offered`,
  )
}
