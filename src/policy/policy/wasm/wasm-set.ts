import type {
  ActionConstraint,
  Entities,
  Policy,
  PolicyJson,
} from '@cedar-policy/cedar-wasm/nodejs'
import type {
  Obligation,
  Omission,
  PolicyAnswer,
  PolicyEntity,
  PolicyQuery,
  PolicySet,
  Requestable,
} from '@remit/engine'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  type Annotations,
  cedarWasm,
  type ParsedPolicy,
  readAnnotations,
  readForWasm,
} from '../../cedar/index.ts'
import { failedAnswer, isUndetermined } from '../compiled-set.ts'
import { markedByWhat } from '../issuance/check-rule.ts'
import { type OptimisticJson, optimistic, stopping } from '../optimistic.ts'
import { type ActionSchema, actionSchemas } from '../schema.ts'
import { cedarEntity, cedarRecord, cedarRef } from './cedar-value.ts'
import { type OptimisticPolicy, OptimisticSet } from './optimistic-set.ts'
import { type PreparedNames, preparedSlots } from './prepared.ts'

interface LoadedPolicy {
  readonly id: string
  /** A text, or what a link makes. */
  readonly given: Policy
  /** Names in its action scope; `undefined`: every action. */
  readonly actions: ReadonlySet<string> | undefined
  readonly requestable: Requestable | undefined
  readonly obligations: readonly Obligation[]
  readonly optimistic: Omit<OptimisticPolicy, 'id' | 'requestable'>
}

/** Tells sets apart that are loaded at the same time, also of the same version. */
let loaded = 0

/** A set as cedar-wasm evaluates it: the official engine, behind the same interface. */
export class WasmSetLoader {
  readonly #policies: LoadedPolicy[] = []

  /** @throws Problem `policy.invalid` */
  add({ json, link, text }: ParsedPolicy): void {
    const policy = readForWasm(json) as PolicyJson & { annotations?: Annotations } // as: what `exactJson` wrote of Cedar's form
    const { action, annotations = {}, effect } = policy
    const { id, obligations, requestable, mistakes } = readAnnotations(effect, annotations, text)
    if (mistakes.length > 0) throw new Problem('policy.invalid', mistakes.join('; '))
    this.#policies.push({
      id,
      given: link === undefined ? text : policy,
      requestable: requestable && markedByWhat(requestable, action),
      obligations,
      actions: actionScope(action),
      optimistic: forWasm(optimistic(policy), json),
    })
  }

  /** `schema` is a text of `schemaFor`. @throws Problem `policy.invalid` */
  finish(
    { schema, version }: { readonly version: number; readonly schema: string },
    actions = actionSchemas(schema),
  ): PolicySet {
    const ids = new Set(this.#policies.map(({ id }) => id))
    if (ids.size < this.#policies.length)
      throw new Problem('policy.invalid', 'two policies have the same id')
    return new CedarPolicySet(version, this.#policies, actions)
  }
}

function forWasm({ exact, policy }: OptimisticJson, json: string): LoadedPolicy['optimistic'] {
  return {
    policy: policy as PolicyJson, // as: made of one
    exact,
    // A text that looks the same counts, too: that costs a little time and nothing else.
    namesAction: json.includes('{"Var":"action"}'),
  }
}

/** The action scope is fixed text, so what it leaves out can never apply, nor fail. */
function actionScope(constraint: ActionConstraint): ReadonlySet<string> | undefined {
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
  /** Requestable forbids in the same form. */
  readonly #asking = new Map<string, readonly OptimisticPolicy[]>()
  /** Policies that stop calls with unknown arguments. */
  readonly #stopping = new Map<string, readonly OptimisticPolicy[]>()
  readonly #optimisticSet: OptimisticSet
  /** Entities by the array that gave them: each principal of a call asks about the same array. */
  readonly #entities = new WeakMap<readonly PolicyEntity[], Entities>()

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
  evaluate(query: PolicyQuery, without: Omission): PolicyAnswer {
    try {
      if (without === 'arguments')
        return this.#evaluateOpen(query, this.#optimistic, withoutArguments)
      if (without === 'all_but_requestable')
        return this.#evaluateOpen(query, this.#asking, onlyAsking)
      if (without === 'unseen_arguments') {
        const stops = this.#evaluateOpen(query, this.#stopping, onlyStopping)
        return isUndetermined(stops)
          ? this.#evaluateOpen(query, this.#optimistic, withoutArguments)
          : stops
      }
      const prepared = this.#prepare(query.action)
      const answer = cedarWasm().statefulIsAuthorized({
        principal: cedarRef(query.principal),
        action: { type: 'Action', id: query.action },
        resource: { type: 'Resource', id: query.resource },
        context: cedarRecord(query.context),
        entities: this.#entitiesOf(query.entities),
        preparsedSchemaName: prepared.schema,
        preparsedPolicySetId: without === 'nothing' ? prepared.all : prepared.bare,
        validateRequest: true,
      })
      if (answer.type !== 'success') return failedAnswer(answer.errors[0]?.message)
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
      return failedAnswer(error instanceof Error ? error.message : undefined)
    }
  }

  #prepare(action: string): PreparedNames {
    return preparedSlots.use(`${this.#instance} ${action}`, () => {
      const schema = this.#schemaOf(action)
      const applying = this.#applyingTo(action, schema)
      const bare = applying.filter(({ id }) => !this.requestable.has(id))
      return { schema: schema.text, all: byId(applying), bare: byId(bare) }
    })
  }

  #evaluateOpen(
    query: PolicyQuery,
    known: Map<string, readonly OptimisticPolicy[]>,
    form: (policy: LoadedPolicy) => OptimisticPolicy | [],
  ): PolicyAnswer {
    const { action } = query
    const schema = this.#schemaOf(action)
    const applying = known.get(action) ?? this.#applyingTo(action, schema).flatMap(form)
    known.set(action, applying)
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

  #entitiesOf(entities: readonly PolicyEntity[]): Entities {
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

function onlyAsking({ id, optimistic, requestable }: LoadedPolicy): OptimisticPolicy | [] {
  return requestable ? { ...optimistic, id, requestable: false } : []
}

function onlyStopping({ id, optimistic, requestable }: LoadedPolicy): OptimisticPolicy | [] {
  const policy = stopping(optimistic, requestable !== undefined)
  // as: made of one
  return policy
    ? { ...optimistic, policy: policy as PolicyJson, exact: true, id, requestable: false }
    : []
}

function byId(policies: readonly LoadedPolicy[]): Record<string, Policy> {
  return Object.fromEntries(policies.map(({ given, id }) => [id, given]))
}
