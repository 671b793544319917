import {
  actionStore,
  type CallableActions,
  CheckedPolicies,
  type CompiledPolicies,
  CompileError,
  cedarRequest,
  type Obligation,
  type Omission,
  type PolicyAnswer,
  PolicyCompiler,
  type PolicyJson,
  type PolicyQuery,
  type PolicyRecord,
  type PolicySet,
  type RecordValue,
  type Requestable,
  recordValue,
} from '@remit/engine'
import { Problem } from '../../platform/lib/problem.ts'
import {
  type Annotations,
  type ParsedPolicy,
  readAnnotations,
  readExactJson,
} from '../cedar/index.ts'
import { ContextFilter } from './context-filter.ts'
import { Declarations } from './declarations.ts'
import { markedByWhat } from './issuance/check-rule.ts'
import { optimistic, stopping } from './optimistic.ts'
import type { ActionSchemas } from './schema.ts'

/** Compiles a set, policy by policy: a large one can be compiled in pieces. */
export class SetCompiler {
  readonly #whole = new PolicyCompiler()
  readonly #optimistic = new PolicyCompiler()
  readonly #asking = new PolicyCompiler()
  readonly #stopping = new PolicyCompiler()
  readonly #requestable = new Map<string, Requestable>()
  readonly #obligations = new Map<string, readonly Obligation[]>()
  /** Ids of the policies that say the same without arguments. */
  readonly #exact = new Set<string>()
  readonly #permits = new Set<string>()
  readonly #open = new Map<string, PolicyJson>()

  /** @throws Problem `policy.invalid`, CompileError */
  add({ json, text }: ParsedPolicy): void {
    const policy = readExactJson(json) as PolicyJson & { annotations?: Annotations } // as: what `exactJson` wrote of Cedar's form
    const { id, mistakes, obligations, requestable } = readAnnotations(
      policy.effect,
      policy.annotations ?? {},
      text,
    )
    if (mistakes.length > 0) throw new Problem('policy.invalid', mistakes.join('; '))
    this.#whole.add(id, policy)
    if (requestable) this.#requestable.set(id, markedByWhat(requestable, policy.action))
    if (obligations.length > 0) this.#obligations.set(id, obligations)
    if (policy.effect === 'permit') this.#permits.add(id)
    this.#addOptimistic(id, policy)
  }

  /**
   * A requestable forbid is there only to fail where it fails for all arguments: the same policy would deny every call then.
   */
  #addOptimistic(id: string, policy: PolicyJson): void {
    const { exact, policy: without } = optimistic(policy)
    this.#open.set(id, without)
    if (exact) this.#exact.add(id)
    const stop = stopping({ exact, policy: without }, this.#requestable.has(id))
    if (stop) this.#stopping.add(id, stop)
    if (this.#requestable.has(id)) this.#asking.add(id, without)
    if (!this.#requestable.has(id)) this.#optimistic.add(id, without)
    else if (exact) {
      const never = { kind: 'when', body: { Value: false } } as const
      this.#optimistic.add(id, { ...without, conditions: [...without.conditions, never] })
    }
  }

  /** @throws SyntaxError when the schema cannot be read */
  finish(
    { schema, version }: { readonly version: number; readonly schema: string },
    actions?: ActionSchemas,
  ): PolicySet {
    const declared = new Declarations(schema, actions)
    return new CompiledSet(version, declared, {
      seen: new ContextFilter(this.#open, (name) => declared.actions.has(name)),
      whole: this.#whole.finish(),
      optimistic: this.#optimistic.finish(),
      asking: this.#asking.finish(),
      stopping: this.#stopping.finish(),
      requestable: this.#requestable,
      obligations: this.#obligations,
      exact: this.#exact,
      permits: this.#permits,
    })
  }
}

/** Converts a compile error to `policy.invalid`, like anything else that is wrong with a policy. */
export function asProblem(error: unknown): unknown {
  return error instanceof CompileError ? new Problem('policy.invalid', error.message) : error
}

interface Parts {
  readonly seen: ContextFilter
  readonly whole: CompiledPolicies
  readonly optimistic: CompiledPolicies
  readonly asking: CompiledPolicies
  readonly stopping: CompiledPolicies
  readonly requestable: ReadonlyMap<string, Requestable>
  readonly obligations: ReadonlyMap<string, readonly Obligation[]>
  readonly exact: ReadonlySet<string>
  readonly permits: ReadonlySet<string>
}

type OpenForm = 'optimistic' | 'asking' | 'stopping'

class CompiledSet implements PolicySet {
  readonly version: number
  readonly requestable: ReadonlyMap<string, Requestable>
  readonly obligations: ReadonlyMap<string, readonly Obligation[]>
  readonly #parts: Parts
  readonly #declared: Declarations
  readonly #whole: CheckedPolicies
  readonly #asking: ReadonlySet<string>
  readonly #open = new WeakMap<PolicyRecord, RecordValue>()

  constructor(version: number, declared: Declarations, parts: Parts) {
    this.version = version
    this.requestable = parts.requestable
    this.obligations = parts.obligations
    this.#parts = parts
    this.#declared = declared
    this.#asking = new Set(parts.requestable.keys())
    this.#whole = new CheckedPolicies(parts.whole, declared, actionStore(declared.groups()))
  }

  /** INVARIANT: anything but a clean answer is an error answer, and an error denies. */
  evaluate(query: PolicyQuery, without: Omission): PolicyAnswer {
    try {
      if (without === 'arguments') return this.#couldBe(this.#evaluateOpen(query, 'optimistic'))
      if (without === 'all_but_requestable') return this.#evaluateOpen(query, 'asking')
      if (without === 'unseen_arguments') {
        const stops = this.#evaluateOpen(query, 'stopping')
        return isUndetermined(stops)
          ? this.#couldBe(this.#evaluateOpen(query, 'optimistic'))
          : stops
      }
      return this.#whole.evaluate(query, without === 'requestable' ? this.#asking : undefined)
    } catch (error) {
      return failedAnswer(error instanceof Error ? error.message : undefined)
    }
  }

  seenOf(context: PolicyRecord, calls: CallableActions): string {
    return this.#parts.seen.seen(this.#openContext(context), calls)
  }

  #openContext(context: PolicyRecord): RecordValue {
    const known = this.#open.get(context)
    if (known) return known
    const made = recordValue(context)
    this.#open.set(context, made)
    return made
  }

  #evaluateOpen(query: PolicyQuery, of: OpenForm): PolicyAnswer {
    const { action, context, entities } = query
    if (!this.#declared.actions.has(action)) throw new Error(`there is no action \`${action}\``)
    const open = this.#openContext(context)
    return this.#parts[of].evaluate(cedarRequest(query, open), this.#whole.storeOf(entities))
  }

  /**
   * INVARIANT: a policy that fails, and is not exact, may hold for other arguments: a permit then counts as one that does, a
   * forbid as one that does not.
   */
  #couldBe({ determining, errors: failing }: PolicyAnswer): PolicyAnswer {
    const { exact, permits } = this.#parts
    if (failing.length === 0)
      return { permitted: permits.has(determining[0] ?? ''), determining, errors: [] }
    const errors = failing.filter(({ policy }) => exact.has(policy))
    const maybe = failing.filter(({ policy }) => !exact.has(policy) && permits.has(policy))
    const counted = determining.length > 0 ? determining : maybe.map(({ policy }) => policy)
    return {
      permitted: errors.length === 0 && permits.has(counted[0] ?? ''),
      determining: counted,
      errors,
    }
  }
}

/** Tells whether no policy had anything to say. */
export function isUndetermined({ determining, errors }: PolicyAnswer): boolean {
  return determining.length === 0 && errors.length === 0
}

/**
 * Answers a failure that is not one policy's fault: the request, an entity or the evaluator failed.
 */
export function failedAnswer(message: string | undefined): PolicyAnswer {
  return {
    permitted: false,
    determining: [],
    errors: [{ policy: '', message: message ?? 'the evaluator failed' }],
  }
}
