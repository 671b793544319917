import type { EntityRef, PolicyAnswer } from '../policy.ts'
import type { EntityStore } from './entities.ts'
import { EvaluationFailure } from './failure.ts'
import type { CompiledPolicy, Drawer, PolicyIndex } from './policy-index.ts'
import type { Run } from './run.ts'
import { EntityUid, RecordValue, type Value } from './value.ts'

export interface CedarRequest {
  readonly principal: EntityRef
  readonly action: EntityRef
  readonly resource: EntityRef
  /** A record. */
  readonly context: Value
}

/** A compiled set. Immutable, and the same for every caller. */
export class CompiledPolicies {
  readonly size: number
  readonly #index: PolicyIndex
  // Used again by every evaluation: none begins before another has ended.
  readonly #drawers: Drawer[] = []
  readonly #lists: CompiledPolicy[][] = []

  constructor(index: PolicyIndex) {
    this.#index = index
    this.size = index.size
  }

  /**
   * Evaluates the policies, those in `leaveOut` (ids) left out. `determining`: the ones that
   * permit, or else those that forbid, in the order of the set.
   * INVARIANT: permitted only where Cedar allows and no policy failed: Cedar itself would leave out
   * a forbid that fails.
   * @throws TypeError when the context is no record
   */
  evaluate(
    request: CedarRequest,
    entities: EntityStore,
    leaveOut?: ReadonlySet<string>,
  ): PolicyAnswer {
    const run = runOf(request, entities)
    const outcome = new Outcome()
    for (const list of this.#find(run)) {
      for (const policy of list) {
        if (leaveOut === undefined || !leaveOut.has(policy.id)) outcome.take(policy, run)
      }
    }
    return outcome.answer()
  }

  /** Lists of the policies whose scope lets them apply. */
  #find({ action, entities, principal, resource }: Run): readonly CompiledPolicy[][] {
    const [drawers, lists] = [this.#drawers, this.#lists]
    drawers.length = 0
    lists.length = 0
    const [who, what] = [entities.get(principal), entities.get(resource)]
    for (const about of this.#index.of(action, entities.get(action))) {
      about.collect(principal, who, drawers)
    }
    for (const drawer of drawers) drawer.collect(resource, what, lists)
    return lists
  }
}

function runOf({ action, context, principal, resource }: CedarRequest, entities: EntityStore): Run {
  if (!(context instanceof RecordValue)) throw new TypeError('the context is no record')
  return {
    principal: uid(principal),
    action: uid(action),
    resource: uid(resource),
    context,
    entities,
  }
}

function uid(ref: EntityRef): EntityUid {
  return ref instanceof EntityUid ? ref : new EntityUid(ref.type, ref.id)
}

const NONE: readonly never[] = []

class Outcome {
  #permits: CompiledPolicy[] | undefined
  #forbids: CompiledPolicy[] | undefined
  #failed: { readonly policy: CompiledPolicy; readonly message: string }[] | undefined

  take(policy: CompiledPolicy, run: Run): void {
    const { effect, guard, holds } = policy
    if (guard !== undefined && !guard(run)) return
    try {
      if (holds !== undefined && !holds(run)) return
    } catch (error) {
      this.#failed ??= []
      this.#failed.push({ policy, message: messageOf(error) })
      return
    }
    if (effect === 'permit') {
      if (this.#permits === undefined) this.#permits = [policy]
      else this.#permits.push(policy)
    } else if (this.#forbids === undefined) this.#forbids = [policy]
    else this.#forbids.push(policy)
  }

  answer(): PolicyAnswer {
    const determining = this.#forbids ?? this.#permits
    const failed = this.#failed
    return {
      permitted: this.#permits !== undefined && this.#forbids === undefined && failed === undefined,
      determining: determining === undefined ? NONE : idsOf(determining),
      errors:
        failed === undefined
          ? NONE
          : failed
              .sort((a, b) => a.policy.position - b.policy.position)
              .map(({ message, policy }) => ({ policy: policy.id, message })),
    }
  }
}

function idsOf(policies: CompiledPolicy[]): readonly string[] {
  const [only] = policies
  if (only !== undefined && policies.length === 1) return [only.id]
  return policies.sort((a, b) => a.position - b.position).map(({ id }) => id)
}

/**
 * Describes a failure: whatever is thrown, the policy failed, and nothing but a clean answer
 * counts.
 */
function messageOf(error: unknown): string {
  if (error instanceof EvaluationFailure || error instanceof Error) return error.message
  return String(error)
}
