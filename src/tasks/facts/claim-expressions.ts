import type { MappedClaim, Resource } from '../../catalog/catalog/index.ts'
import { type CelValue, Expressions, type Node, UnmappableCall } from '../../platform/cel/index.ts'
import { CLAIM_SOURCES } from './claim-sources.ts'

/** Characters that `from` may have. */
const MAX_CLAIM_SOURCE = 512
/** Steps of all expressions of one token together: well below a millisecond. */
const MAX_STEPS = 50_000
const VARIABLES: readonly string[] = [
  ...new Set(CLAIM_SOURCES.map((source) => source.slice(0, source.indexOf('.')))),
]
/** Members of facts that have some. */
const BELOW: readonly string[] = ['sponsor.subject.iss', 'sponsor.subject.sub']

let loading: Promise<Expressions> | undefined
let loaded: Expressions | undefined

/** Tells whether a claim comes from an expression and not from a fact by its name. */
export function isExpression({ from }: MappedClaim): boolean {
  return !CLAIM_SOURCES.includes(from)
}

/** Loads the evaluator of expressions if a resource has some. Reading a catalog waits for it, so that tokens need not. */
export async function prepareClaims(resources: readonly Pick<Resource, 'claims'>[]): Promise<void> {
  if (resources.some(({ claims }) => claims?.some(isExpression))) await loadClaimExpressions()
}

async function loadClaimExpressions(): Promise<Expressions> {
  loading ??= Expressions.load(VARIABLES)
  loaded = await loading
  return loaded
}

/** Finds the fault of an expression; `undefined`: nothing. */
export async function faultOf(from: string): Promise<string | undefined> {
  if (from.length > MAX_CLAIM_SOURCE) return `it has more than ${MAX_CLAIM_SOURCE} characters`
  const expressions = await loadClaimExpressions()
  try {
    const unknown = pathsIn(expressions.read(from, NO_FACTS)).find((path) => !isKnown(path))
    return unknown === undefined ? undefined : `there is no fact \`${unknown}\``
  } catch (error) {
    if (error instanceof UnmappableCall) return error.message
    throw error
  }
}

/**
 * Makes the evaluation of one token over facts by their names, which are not there if they are `undefined`. What it answers is
 * `undefined` where an expression gives no value: a fact is absent, or it takes too long.
 */
export function claimEvaluation(
  factOf: (source: string) => CelValue | undefined,
): (from: string) => unknown {
  if (!loaded) throw new Error('expressions of claims are evaluated before they are loaded')
  const scope = loaded.over(inputsOf(factOf), MAX_STEPS)
  return (from) => {
    try {
      return scope.value(from)
    } catch (error) {
      if (error instanceof UnmappableCall) return undefined
      throw error
    }
  }
}

function inputsOf(factOf: (source: string) => CelValue | undefined): Map<string, CelValue> {
  const inputs = new Map<string, Map<string, CelValue>>(VARIABLES.map((name) => [name, new Map()]))
  const attributes = new Map<string, CelValue>()
  inputs.get('person')?.set('attributes', attributes)
  for (const source of CLAIM_SOURCES) {
    const value = factOf(source)
    if (value === undefined) continue
    const [variable = '', name = '', attribute] = source.split('.')
    if (attribute === undefined) inputs.get(variable)?.set(name, value)
    else attributes.set(attribute, value)
  }
  return inputs
}

const NO_FACTS = inputsOf(() => undefined)

/** Lists the facts that an expression names, member by member. */
function pathsIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(pathsIn)
  if (!isNode(node)) return []
  const path = claimPath(node)
  return path === undefined || !VARIABLES.includes(path.split('.')[0] ?? '')
    ? pathsIn(node.args)
    : [path]
}

function claimPath({ args, op }: Node): string | undefined {
  if (op === 'id') return String(args)
  if ((op !== '.' && op !== '.?') || !Array.isArray(args)) return undefined
  const [base, name] = args
  const above = isNode(base) ? claimPath(base) : undefined
  return above === undefined ? undefined : `${above}.${name}`
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

function isKnown(path: string): boolean {
  return [...CLAIM_SOURCES, ...BELOW].some(
    (source) => source === path || source.startsWith(`${path}.`),
  )
}
