/** A random case: a world, policies for it, and requests to ask about. */
import { Expressions } from './expressions.ts'
import { type Flavour, Policies, type Policy, type PolicySet } from './policies.ts'
import { Random } from './random.ts'
import { BOOL, type RecordOf, randomSchema, type Schema } from './schema.ts'
import { sliceFor } from './slice.ts'
import { type Entity, type Request, randomEntities, randomRequest } from './world.ts'

export interface Case {
  readonly seed: number
  readonly flavour: Flavour
  readonly schema: Schema
  readonly set: PolicySet
  readonly questions: readonly Question[]
}

export interface Question {
  readonly request: Request
  readonly entities: readonly Entity[]
}

const ORDER = { edges: 0.03, slips: 0 }
const UNTIDY = { edges: 0.15, slips: 0.03 }
const CHAOS = { edges: 0.3, slips: 0.15 }

export function randomCase(seed: number, questions: number): Case {
  const random = new Random(seed)
  const flavour = randomFlavour(random)
  const schema = randomSchema(random)
  const entities = randomEntities(random, schema, flavour.odds)
  const count = random.weighted([
    [12, random.between(10, 25)],
    [6, random.between(25, 80)],
    [1, random.between(80, 200)],
  ])
  const set = new Policies(random, schema, flavour).set(count)
  const question = (): Question => {
    const request = randomRequest(random, schema, flavour.odds)
    return { request, entities: sliceFor(random, request, entities, flavour.odds) }
  }
  return { seed, flavour, schema, set, questions: random.list(questions, questions, question) }
}

function randomFlavour(random: Random): Flavour {
  const population = random.weighted([
    [3, 1],
    [4, 2],
    [3, 4],
  ])
  const mix = {
    forbids: random.pick([0, 0.05, 0.1, 0.3]),
    open: random.pick([0.05, 0.2, 0.5]),
    depth: random.between(2, 4),
  }
  return random.weighted<Flavour>([
    [5, { ...mix, odds: { ...ORDER, population }, conditions: 'typed' }],
    [3, { ...mix, odds: { ...UNTIDY, population }, conditions: 'typed' }],
    [1, { ...mix, odds: { ...CHAOS, population }, conditions: 'typed' }],
    [1, { ...mix, odds: { ...CHAOS, population }, conditions: 'anything' }],
    [1, { ...mix, odds: { ...CHAOS, population }, conditions: 'operations', open: 0.9 }],
  ])
}

/**
 * Makes policies that look at no entity: any operator, on literals that are mostly at the edge of
 * their type.
 */
export function randomOperations(seed: number, count: number): PolicySet {
  const random = new Random(seed)
  const context: RecordOf = { kind: 'Record', fields: new Map() }
  const schema: Schema = { entities: new Map(), actions: [], context }
  const scene = { schema, principal: 'User', resource: 'Folder' }
  const odds = { population: 2, edges: 0.5, slips: 0.02 }
  const expressions = new Expressions(random, scene, odds)
  const policy = (): Policy => ({
    effect: 'permit',
    principal: { op: 'All' },
    action: { op: 'All' },
    resource: { op: 'All' },
    conditions: [{ kind: 'when', body: expressions.of(BOOL, random.between(2, 3)) }],
  })
  const policies = Array.from({ length: count }, (_, i) => [`p${i}`, policy()] as const)
  return { staticPolicies: Object.fromEntries(policies), templates: {}, templateLinks: [] }
}
