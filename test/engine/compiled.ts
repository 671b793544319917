/** Remit's own engine, asked what the official one is asked. */
import {
  type CedarPolicySetJson,
  type CompiledPolicies,
  compilePolicies,
  type EntityStore,
  entitiesFromJson,
  entityStore,
  valueFromJson,
} from '@remit/engine'
import type { Question } from './cases.ts'
import type { Json } from './json.ts'
import type { Answer } from './oracle.ts'
import type { PolicySet } from './policies.ts'
import type { Entity } from './world.ts'

export class CompiledEngine {
  readonly #policies: CompiledPolicies

  /** @throws CompileError */
  constructor(set: PolicySet) {
    this.#policies = compilePolicies(set as unknown as CedarPolicySetJson) // as: Cedar's own form
  }

  ask({ entities, request }: Question, leaveOut?: ReadonlySet<string>): Answer {
    const context = valueFromJson(request.context as Json)
    const answer = this.#policies.evaluate({ ...request, context }, storeOf(entities), leaveOut)
    return {
      permitted: answer.permitted,
      determining: new Set(answer.determining),
      errors: new Set(answer.errors.map(({ policy }) => policy)),
    }
  }
}

/** Actions by what they are, as a server keeps them: one store for many requests, so that what is remembered of it is used. */
const actions = new Map<string, EntityStore>()
const MAX_STORES = 64

function storeOf(entities: readonly Entity[]): EntityStore {
  const groups = Map.groupBy(entities, ({ uid }) => uid.type === 'Action')
  const [base = [], own = []] = [groups.get(true), groups.get(false)]
  const key = JSON.stringify(base)
  const known = actions.get(key) ?? entityStore(entitiesFromJson(base))
  if (actions.size > MAX_STORES) actions.clear()
  actions.set(key, known)
  return entityStore(entitiesFromJson(own), known)
}
