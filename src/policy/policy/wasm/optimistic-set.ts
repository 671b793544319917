import type { Context, EntityJson, PolicyJson, Response } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyAnswer, PolicyEntity, PolicyQuery, PolicyRecord } from '@remit/engine'
import { cedarWasm } from '../../cedar/index.ts'
import type { OptimisticJson } from '../optimistic.ts'
import { cedarEntity, cedarRecord, cedarRef } from './cedar-value.ts'
import { PreparedSlots } from './prepared.ts'

/** Policy of a loaded set, with the parts that count here. */
export interface OptimisticPolicy extends Omit<OptimisticJson, 'policy'> {
  readonly id: string
  readonly policy: PolicyJson
  /** True when its conditions may ask which action it is. */
  readonly namesAction: boolean
  readonly requestable: boolean
}

const MAX_SLOTS = 256
const slots = new PreparedSlots('remit-optimistic', MAX_SLOTS)

/** Empty schema: every value says what it is, and the action comes with its groups. */
const NO_SCHEMA = ''

/**
 * Set that is evaluated with cedar-wasm for what it could answer for some arguments. Requestable
 * forbids never stand in the way: people could be asked.
 */
export class OptimisticSet {
  readonly #owner: string
  readonly #selections = new WeakMap<readonly OptimisticPolicy[], Selection>()
  /** One array of entities is asked about for every action of a list, in a few contexts: most of them are the same question. */
  readonly #asked = new WeakMap<readonly PolicyEntity[], CallEntities>()

  /** `owner`: tells sets apart that are loaded at the same time. */
  constructor(owner: string) {
    this.#owner = owner
  }

  /**
   * `applying`: every policy of the set whose action scope lets it apply, the same array each time. `errors` are those of policies that fail whatever
   * the arguments are.
   * Nothing is asked twice in the very same context about the very same entities, so neither may change.
   * @throws Error when the set cannot be prepared, or the evaluator fails
   */
  evaluate(
    query: PolicyQuery,
    groups: readonly string[],
    applying: readonly OptimisticPolicy[],
  ): PolicyAnswer {
    const asked = this.#askedAbout(query)
    const key = questionOf(query, this.#selectionOf(applying))
    const known = asked.answers.get(key)
    if (known) return known
    const answer = this.#ask(query, groups, applying, asked)
    asked.answers.set(key, answer)
    return answer
  }

  #askedAbout({ context, entities }: PolicyQuery): ContextAnswers {
    const known = this.#asked.get(entities)
    const asked = known ?? { entities: entities.map(cedarEntity), there: new WeakMap() }
    if (!known) this.#asked.set(entities, asked)
    const before = asked.there.get(context)
    if (before) return before
    const there = { entities: asked.entities, context: cedarRecord(context), answers: new Map() }
    asked.there.set(context, there)
    return there
  }

  #ask(
    query: PolicyQuery,
    groups: readonly string[],
    applying: readonly OptimisticPolicy[],
    { context, entities }: ContextAnswers,
  ): PolicyAnswer {
    const { all } = slots.use(this.#selectionOf(applying).owner, () => ({
      schema: NO_SCHEMA,
      all: counted(applying),
      bare: {},
    }))
    const answer = cedarWasm().statefulIsAuthorized({
      principal: cedarRef(query.principal),
      action: { type: 'Action', id: query.action },
      resource: { type: 'Resource', id: query.resource },
      context,
      entities: [...entities, actionEntity(query.action, groups)],
      preparsedPolicySetId: all,
      validateRequest: false,
    })
    if (answer.type !== 'success')
      throw new Error(answer.errors[0]?.message ?? 'the evaluator failed')
    return optimisticAnswer(answer.response, applying)
  }

  #selectionOf(applying: readonly OptimisticPolicy[]): Selection {
    const known = this.#selections.get(applying)
    if (known) return known
    const selection = {
      owner: [this.#owner, ...applying.map(({ id }) => id)].join(' '),
      namesAction: applying.some(({ namesAction }) => namesAction),
    }
    this.#selections.set(applying, selection)
    return selection
  }
}

/** The policies that apply to an action. */
interface Selection {
  /**
   * Owner of the slot. Actions to which the same policies apply have the same owner: they share a
   * slot.
   */
  readonly owner: string
  readonly namesAction: boolean
}

interface CallEntities {
  readonly entities: readonly EntityJson[]
  readonly there: WeakMap<PolicyRecord, ContextAnswers>
}

/** Answers in one context. */
interface ContextAnswers {
  readonly entities: readonly EntityJson[]
  readonly context: Context
  readonly answers: Map<string, PolicyAnswer>
}

/**
 * Writes what an answer depends on, beside entities and context. An action counts by the policies
 * whose scope lets them apply to it, and by its name, with the groups it has, only where one of
 * them asks for it outside of its scope.
 */
function questionOf(
  { action, principal, resource }: PolicyQuery,
  { namesAction, owner }: Selection,
): string {
  const named = namesAction ? action : ''
  return JSON.stringify([owner, named, principal.type, principal.id, resource])
}

/**
 * INVARIANT: a policy that fails, and is not exact, may hold for other arguments: a permit then counts as one that does, a
 * forbid as one that does not.
 */
function optimisticAnswer(
  { decision, diagnostics }: Response,
  applying: readonly OptimisticPolicy[],
): PolicyAnswer {
  const failed = new Map(diagnostics.errors.map(({ error, policyId }) => [policyId, error.message]))
  const failing = applying.filter(({ id }) => failed.has(id))
  const errors = failing
    .filter(({ exact }) => exact)
    .map(({ id }) => ({ policy: id, message: failed.get(id) ?? '' }))
  const maybe = failing.filter(({ exact, policy }) => !exact && policy.effect === 'permit')
  const forbidden = decision === 'deny' && diagnostics.reason.length > 0
  const permitted = decision === 'allow' || (!forbidden && maybe.length > 0)
  const determining = diagnostics.reason.length > 0 ? diagnostics.reason : maybe.map(({ id }) => id)
  return { permitted: permitted && errors.length === 0, determining, errors }
}

/**
 * A requestable forbid is there only to fail where it fails for all arguments: the same policy would deny every call then.
 */
function counted(applying: readonly OptimisticPolicy[]): Record<string, PolicyJson> {
  const left = applying.filter(({ exact, requestable }) => exact || !requestable)
  return Object.fromEntries(
    left.map(({ id, policy, requestable }) => [id, requestable ? holdingNever(policy) : policy]),
  )
}

function holdingNever(policy: PolicyJson): PolicyJson {
  return { ...policy, conditions: [...policy.conditions, { kind: 'when', body: { Value: false } }] }
}

function actionEntity(name: string, groups: readonly string[]): EntityJson {
  const parents = groups.map((id) => ({ type: 'Action', id }))
  return { uid: { type: 'Action', id: name }, attrs: {}, parents }
}
