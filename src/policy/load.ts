import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type {
  Obligation,
  PolicyAnswer,
  PolicyEntity,
  PolicyQuery,
  PolicySet,
  Requestable,
  Without,
} from '@remit/engine'
import { Problem } from '../lib/problem.ts'
import { readAnnotations } from './annotations.ts'
import { cedarEntity, cedarRecord, cedarRef } from './cedar-value.ts'
import { type Optimistic, optimistic } from './optimistic.ts'
import { type OptimisticPolicy, OptimisticSet } from './optimistic-set.ts'
import { splitPolicies } from './policy-text.ts'
import { type Prepared, preparedSlots } from './prepared.ts'
import { type ActionSchema, actionSchemas } from './schema.ts'

interface LoadedPolicy {
  readonly id: string
  readonly text: string
  /** Names in its action scope; `undefined`: every action. */
  readonly actions: ReadonlySet<string> | undefined
  readonly requestable: Requestable | undefined
  readonly obligations: readonly Obligation[]
  readonly optimistic: Optimistic
}

/** Tells sets apart that are loaded at the same time, also of the same version. */
let loaded = 0

/**
 * A published set, ready to evaluate with cedar-wasm. `schema` is a text of `schemaFor`. The text was validated when it was
 * published; whatever does not load here all the same makes the whole set unusable.
 * @throws Problem `policy.invalid`
 */
export function loadPolicySet(source: {
  readonly version: number
  readonly text: string
  readonly schema: string
}): PolicySet {
  const policies = splitPolicies(source.text).map(({ text }) => loadPolicy(text))
  const ids = new Set(policies.map(({ id }) => id))
  if (ids.size < policies.length)
    throw new Problem('policy.invalid', 'two policies have the same id')
  return new CedarPolicySet(source.version, policies, actionSchemas(source.schema))
}

/** The id of one policy; `undefined` when it has none. */
export function idOf(text: string): string | undefined {
  const parsed = cedar.policyToJson(text)
  return parsed.type === 'success' ? (parsed.json.annotations?.id ?? undefined) : undefined
}

function loadPolicy(text: string): LoadedPolicy {
  const parsed = cedar.policyToJson(text)
  if (parsed.type !== 'success') {
    throw new Problem('policy.invalid', parsed.errors[0]?.message ?? 'a policy cannot be parsed')
  }
  const { effect, annotations = {}, action } = parsed.json
  const { id, obligations, requestable, mistakes } = readAnnotations(effect, annotations, text)
  if (mistakes.length > 0) throw new Problem('policy.invalid', mistakes.join('; '))
  return {
    id,
    text,
    requestable,
    obligations,
    actions: actionScope(action),
    optimistic: optimistic(parsed.json),
  }
}

/** The action scope is fixed text, so what it leaves out can never apply, nor fail. */
function actionScope(constraint: cedar.ActionConstraint): ReadonlySet<string> | undefined {
  if (constraint.op === 'All') return undefined
  const refs =
    'entities' in constraint
      ? constraint.entities
      : 'entity' in constraint
        ? [constraint.entity]
        : undefined
  if (refs === undefined)
    throw new Problem('policy.invalid', 'the action of a policy cannot be read')
  return new Set(refs.map((ref) => ('__entity' in ref ? ref.__entity.id : ref.id)))
}

class CedarPolicySet implements PolicySet {
  readonly version: number
  readonly requestable: ReadonlyMap<string, Requestable>
  readonly obligations: ReadonlyMap<string, readonly Obligation[]>
  readonly #policies: readonly LoadedPolicy[]
  readonly #schemas: ReadonlyMap<string, ActionSchema>
  readonly #instance = ++loaded
  /** Policies without arguments that apply to an action, by its name. */
  readonly #optimistic = new Map<string, readonly OptimisticPolicy[]>()
  readonly #optimisticSet: OptimisticSet
  /** The same array of entities is asked about for each principal of a call. */
  readonly #entities = new WeakMap<readonly PolicyEntity[], cedar.Entities>()

  constructor(
    version: number,
    policies: readonly LoadedPolicy[],
    schemas: ReadonlyMap<string, ActionSchema>,
  ) {
    this.version = version
    this.#policies = policies
    this.#schemas = schemas
    this.#optimisticSet = new OptimisticSet(String(this.#instance))
    this.requestable = new Map(
      policies.flatMap(({ id, requestable }) => (requestable ? [[id, requestable] as const] : [])),
    )
    this.obligations = new Map(
      policies.flatMap(({ id, obligations }) =>
        obligations.length === 0 ? [] : [[id, obligations] as const],
      ),
    )
  }

  /**
   * INVARIANT: anything but a clean answer is an error answer, and an error denies: Cedar itself would leave out a forbid that fails,
   * and answers with `failure` when the request does not fit the schema.
   */
  evaluate(query: PolicyQuery, without: Without): PolicyAnswer {
    try {
      if (without === 'arguments') return this.#evaluateOptimistic(query)
      const prepared = this.#prepare(query.action)
      const answer = cedar.statefulIsAuthorized({
        principal: cedarRef(query.principal),
        action: { type: 'Action', id: query.action },
        resource: { type: 'Resource', id: query.resource },
        context: cedarRecord(query.context),
        entities: this.#entitiesOf(query.entities),
        preparsedSchemaName: prepared.schema,
        preparsedPolicySetId: without === 'nothing' ? prepared.all : prepared.bare,
        validateRequest: true,
      })
      if (answer.type !== 'success') return failed(answer.errors[0]?.message)
      const { decision, diagnostics } = answer.response
      const errors = diagnostics.errors.map(({ policyId, error }) => ({
        policy: policyId,
        message: error.message,
      }))
      return {
        permitted: decision === 'allow' && errors.length === 0,
        determining: diagnostics.reason,
        errors,
      }
    } catch (error) {
      return failed(error instanceof Error ? error.message : undefined)
    }
  }

  #prepare(action: string): Prepared {
    return preparedSlots.use(`${this.#instance} ${action}`, () => {
      const schema = this.#schemaOf(action)
      const applying = this.#applyingTo(action, schema)
      const bare = applying.filter(({ id }) => !this.requestable.has(id))
      return { schema: schema.text, all: byId(applying), bare: byId(bare) }
    })
  }

  #evaluateOptimistic(query: PolicyQuery): PolicyAnswer {
    const { action } = query
    const schema = this.#schemaOf(action)
    const applying =
      this.#optimistic.get(action) ?? this.#applyingTo(action, schema).map(withoutArguments)
    this.#optimistic.set(action, applying)
    return this.#optimisticSet.evaluate(query, schema.groups, applying)
  }

  #schemaOf(action: string): ActionSchema {
    const schema = this.#schemas.get(action)
    if (!schema) throw new Error(`there is no action \`${action}\``)
    return schema
  }

  #applyingTo(action: string, { groups }: ActionSchema): readonly LoadedPolicy[] {
    const names = [action, ...groups]
    return this.#policies.filter(
      ({ actions }) => !actions || names.some((name) => actions.has(name)),
    )
  }

  #entitiesOf(entities: readonly PolicyEntity[]): cedar.Entities {
    const known = this.#entities.get(entities)
    if (known) return known
    const made = entities.map(cedarEntity)
    this.#entities.set(entities, made)
    return made
  }
}

function withoutArguments({ id, optimistic, requestable }: LoadedPolicy): OptimisticPolicy {
  return { ...optimistic, id, requestable: requestable !== undefined }
}

function byId(policies: readonly LoadedPolicy[]): Record<string, string> {
  return Object.fromEntries(policies.map(({ id, text }) => [id, text]))
}

/** Not one policy's fault: the request, an entity or the evaluator. */
function failed(message: string | undefined): PolicyAnswer {
  return {
    permitted: false,
    determining: [],
    errors: [{ policy: '', message: message ?? 'the evaluator failed' }],
  }
}
