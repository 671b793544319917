/** Remit's own engine, asked what the official one is asked. */
import {
  type CedarPolicySetJson,
  type CompiledPolicies,
  compilePolicies,
  entitiesFromJson,
  entityStore,
  valueFromJson,
} from '@remit/engine'
import type { Question } from './cases.ts'
import type { Json } from './json.ts'
import type { Answer } from './oracle.ts'
import type { PolicySet } from './policies.ts'

export class Compiled {
  readonly #policies: CompiledPolicies

  /** @throws CompileError */
  constructor(set: PolicySet) {
    this.#policies = compilePolicies(set as unknown as CedarPolicySetJson) // as: Cedar's own form
  }

  ask({ entities, request }: Question, leaveOut?: ReadonlySet<string>): Answer {
    const context = valueFromJson(request.context as Json)
    const store = entityStore(entitiesFromJson(entities))
    const answer = this.#policies.evaluate({ ...request, context }, store, leaveOut)
    return {
      permitted: answer.permitted,
      determining: new Set(answer.determining),
      errors: new Set(answer.errors.map(({ policy }) => policy)),
    }
  }
}
