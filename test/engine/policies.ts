/** Random policies for a random world: every form of scope, static and as templates with links. */
import { anything, operation } from './anything.ts'
import { Expressions, type Scene } from './expressions.ts'
import { conjunction, type Expr } from './forms.ts'
import type { Json, JsonObject } from './json.ts'
import type { Random } from './random.ts'
import { ACTORS, BOOL, GROUPS, type Schema, THINGS } from './schema.ts'
import { type Odds, type Ref, randomRef } from './world.ts'

export type Policy = {
  readonly effect: 'permit' | 'forbid'
  readonly principal: JsonObject
  readonly action: JsonObject
  readonly resource: JsonObject
  readonly conditions: readonly { readonly kind: 'when' | 'unless'; readonly body: Expr }[]
}

export type Link = {
  readonly templateId: string
  readonly newId: string
  readonly values: Readonly<Record<string, Ref>>
}

export type PolicySet = {
  readonly staticPolicies: Readonly<Record<string, Policy>>
  readonly templates: Readonly<Record<string, Policy>>
  readonly templateLinks: readonly Link[]
}

/** Character of a random policy set: how often it has what. */
export interface Flavour {
  readonly odds: Odds
  /** Share of policies that forbid. */
  readonly forbids: number
  /** Share of scopes that leave open who, what and where. */
  readonly open: number
  readonly depth: number
  /** `typed`: as people write them. `anything`: no types at all. `operations`: one operation on literals. */
  readonly conditions: 'typed' | 'anything' | 'operations'
}

type Side = 'principal' | 'resource'

export class Policies {
  readonly #random: Random
  readonly #schema: Schema
  readonly #flavour: Flavour

  constructor(random: Random, schema: Schema, flavour: Flavour) {
    this.#random = random
    this.#schema = schema
    this.#flavour = flavour
  }

  set(count: number): PolicySet {
    const random = this.#random
    const staticPolicies: Record<string, Policy> = {}
    const templates: Record<string, Policy> = {}
    const templateLinks: Link[] = []
    for (let left = count, i = 0; left > 0; i++) {
      if (random.chance(0.9)) {
        staticPolicies[`p${i}`] = this.one()
        left--
        continue
      }
      const slots = random.some<Side>(['principal', 'resource'], 1, 2)
      const templateId = `t${i}`
      const template = this.one(slots)
      templates[templateId] = template
      // Also one that is never linked, which must count for nothing.
      const links = random.list(0, 4, (n) => this.#link(templateId, `t${i}-${n}`, slots))
      templateLinks.push(...links)
      left -= links.length || 1
    }
    return { staticPolicies, templates, templateLinks }
  }

  #link(templateId: string, newId: string, slots: readonly Side[]): Link {
    const values = slots.map((side) => [`?${side}`, this.#ref(side, this.#random.chance(0.5))])
    return { templateId, newId, values: Object.fromEntries(values) }
  }

  one(slots: readonly Side[] = []): Policy {
    const random = this.#random
    const { forbids } = this.#flavour
    const acting = this.#schema.actions.filter(({ principals }) => principals.length > 0)
    const { id, principals, resources } = random.pick(acting)
    const scene = {
      schema: this.#schema,
      principal: random.pick(principals),
      resource: random.pick(resources),
    }
    return {
      effect: random.chance(forbids) ? 'forbid' : 'permit',
      principal: this.#scope('principal', scene, slots),
      action: this.#action(id),
      resource: this.#scope('resource', scene, slots),
      conditions: this.#conditions(scene),
    }
  }

  #ref(side: Side, group: boolean): Ref {
    const types = side === 'principal' ? ACTORS : THINGS
    return randomRef(this.#random, this.#random.pick(group ? GROUPS : types), this.#flavour.odds)
  }

  #scope(side: Side, scene: Scene, slots: readonly Side[]): JsonObject {
    const random = this.#random
    const slot = slots.includes(side) ? { slot: `?${side}` } : undefined
    const type = scene[side]
    const one = slot ?? { entity: randomRef(random, type, this.#flavour.odds) }
    const group = slot ?? { entity: this.#ref(side, random.chance(0.8)) }
    if (!slot && random.chance(this.#flavour.open)) return { op: 'All' }
    return random.weighted<JsonObject>([
      [3, { op: '==', ...one }],
      [3, { op: 'in', ...group }],
      [slot ? 0 : 3, { op: 'is', entity_type: type }],
      [2, { op: 'is', entity_type: type, in: group }],
    ])
  }

  #action(id: string): JsonObject {
    const random = this.#random
    const known = this.#schema.actions.map((action) => action.id)
    const ref = (name: string): Ref => ({ type: 'Action', id: name })
    if (random.chance(this.#flavour.open)) return { op: 'All' }
    const several = random.some(known, 0, 3).map(ref)
    return random.weighted<JsonObject>([
      [4, { op: '==', entity: ref(id) }],
      [2, { op: 'in', entity: ref(random.pick([...known, 'gone'])) }],
      [3, { op: 'in', entities: random.chance(0.7) ? [...several, ref(id)] : several }],
    ])
  }

  #conditions(scene: Scene): Policy['conditions'] {
    const random = this.#random
    const { conditions, depth, odds } = this.#flavour
    if (conditions === 'operations')
      return [{ kind: random.pick(['when', 'unless']), body: operation(random) }]
    if (conditions === 'anything') {
      return random.list(0, 2, () => ({
        kind: random.pick(['when', 'unless']),
        body: anything(random, random.between(1, depth)),
      }))
    }
    const expressions = new Expressions(random, scene, odds)
    const bodies = random.list(0, 2, () => expressions.of(BOOL, random.between(1, depth)))
    // What follows is only evaluated for principals and resources of the types that it was made for.
    const typed = [isOf('principal', scene), isOf('resource', scene)]
    return bodies.map((body, i) => {
      const kind = random.pick(['when', 'when', 'unless'] as const)
      if (i > 0 && random.chance(odds.slips)) return { kind, body }
      return { kind, body: conjunction([...typed, body]) }
    })
  }
}

function isOf(side: Side, scene: Scene): Expr {
  const test: Json = { left: { Var: side }, entity_type: scene[side] }
  return { is: test }
}
