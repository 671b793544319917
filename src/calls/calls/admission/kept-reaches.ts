import { type BudgetPeek, couldPermit, type Detail, type PolicySet } from '@remit/engine'
import { type Action, type CatalogView, countedRisk } from '../../../catalog/catalog/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import { LruCache } from '../../../platform/lib/lru-cache.ts'
import { callable, contextsOf, factsAround, type Setting } from '../../../tasks/facts/index.ts'
import {
  askingAlways,
  attainability,
  attainableDetails,
  givenActions,
  type TaskPlace,
} from './attainable.ts'

/** Answers kept for one set of policies and one catalog. */
const MAX_ANSWERS = 1_000
const ADMITTED = { gate: 'credential', passed: true, detail: 'token and proof are valid' } as const

const NOTHING: ReadonlySet<never> = new Set()

/** Answer with a number that no other answer has; `undefined`: it is not kept. */
export interface MarkedAnswer extends ReachAnswer {
  readonly mark: string | undefined
}

/**
 * Answers what tasks could call, kept by all that they depend on: lists are asked for more often than that changes, and tasks of one
 * person and one agent share them.
 * INVARIANT: the same answer as `answerReach` gives. What it looks at is in the key, or is one object that never changes; of moment and
 * address, what the policies see of them.
 */
export class KeptReaches {
  readonly #kept = new WeakMap<
    PolicySet,
    WeakMap<ReachQuestion['catalog'], LruCache<MarkedAnswer>>
  >()
  #marks = 0

  answer(question: ReachQuestion): MarkedAnswer {
    const key = reachKey(question)
    if (key === undefined) return { ...answerReach(question), mark: undefined }
    const answers = this.#answersFor(question)
    const known = answers.get(key, 0)
    if (known) return known
    return answers.put(key, 0, { ...answerReach(question), mark: String(++this.#marks) })
  }

  #answersFor({ catalog, policies }: ReachQuestion): LruCache<MarkedAnswer> {
    const perCatalog = this.#kept.get(policies) ?? new WeakMap()
    this.#kept.set(policies, perCatalog)
    const answers = perCatalog.get(catalog) ?? new LruCache<MarkedAnswer>(MAX_ANSWERS)
    perCatalog.set(catalog, answers)
    return answers
  }
}

/** Answers the key; `undefined`: it is not known what the policies see of the context. */
function reachKey(question: ReachQuestion): string | undefined {
  const { budgets, held, narrowed, resource, setting } = question
  const { identifier, name, shows = '' } = resource
  const seen = seenContext(question)
  if (seen === undefined) return undefined
  const { liveness, sponsored } = factsAround(setting, held.task)
  const isLeft = budgets.every(({ left }) => left)
  const parts = [
    ...[name, identifier, shows],
    `${liveness.passed} ${sponsored} ${isLeft}`,
    digestOfParties(setting),
    digestOfNames(setting.details, identifier),
    digestOfNames(narrowed, identifier),
    seen,
  ]
  const further = attainableDetails(question)
  if (further) {
    const given = givenActions(question)
    parts.push(JSON.stringify([given, namesAt(further, identifier)]))
  }
  return sha256url(JSON.stringify(parts))
}

/** The contexts of the risk classes differ in nothing but the class, which the catalog says. */
function seenContext(question: ReachQuestion): string | undefined {
  const { catalog, held, policies, resource, setting } = question
  if (!policies.seenOf) return undefined
  const actions = catalog.actionsOf(resource.name)
  const { low } = contextsOf(question, held, setting)
  return policies.seenOf(low, { resource: resource.name, actions: actionNames(actions) })
}

const names = new WeakMap<readonly Action[], readonly string[]>()

/** Names of actions: for the same array, the same one. */
function actionNames(actions: readonly Action[]): readonly string[] {
  const known = names.get(actions) ?? actions.map(({ name }) => name)
  names.set(actions, known)
  return known
}

type Parties = Pick<Setting, 'agentEntities' | 'entities' | 'intersectWith' | 'personEntity'>

const parties = new WeakMap<Setting['entities'], Parties & { readonly digest: string }>()

/** Digest of everybody and everything that policies may look at beside the context, in their order. */
function digestOfParties(setting: Setting): string {
  const { agentEntities, entities, intersectWith, personEntity } = setting
  const known = parties.get(entities)
  if (
    known?.personEntity === personEntity &&
    known.agentEntities === agentEntities &&
    known.intersectWith === intersectWith
  )
    return known.digest
  const all = { agentEntities, entities, intersectWith, personEntity }
  const digest = sha256url(JSON.stringify(all))
  parties.set(entities, { ...all, digest })
  return digest
}

const named = new WeakMap<readonly Detail[], { readonly at: string; readonly digest: string }>()

/** Digest of the actions that details name at a resource. Bounds count as ones that can be kept. */
function digestOfNames(details: readonly Detail[], at: string): string {
  const known = named.get(details)
  if (known?.at === at) return known.digest
  const digest = sha256url(JSON.stringify(namesAt(details, at)))
  named.set(details, { at, digest })
  return digest
}

function namesAt(details: readonly Detail[], at: string): readonly string[] {
  return details.flatMap(({ actions, locations, type }) =>
    type === 'remit_call' && locations.includes(at) ? actions : [],
  )
}

/** Question what a task could call at a resource, with all that the answer depends on. */
export interface ReachQuestion extends TaskPlace {
  readonly catalog: Pick<CatalogView, 'actionsOf' | 'kindOf'>
  /** Details of the task that the token holds. */
  readonly narrowed: readonly Detail[]
  /** Limits that do not come back by themselves, as far as they are left. */
  readonly budgets: readonly BudgetPeek[]
}

interface ReachAnswer {
  readonly actions: readonly Action[]
  readonly attainable: readonly Action[]
  /** Actions whose every call people are asked about, where the resource shows that. */
  readonly asking: ReadonlySet<Action>
}

/** Answers by the gates and the policies, for every action of the resource. */
export function answerReach(question: ReachQuestion): ReachAnswer {
  const { budgets, catalog, held, narrowed, policies, resource, setting } = question
  const around = {
    ...factsAround(setting, held.task),
    ...{ narrowed, budgets, credential: ADMITTED },
  }
  const contexts = contextsOf(question, held, setting)
  const shown = catalog.actionsOf(resource.name).filter(({ quarantined }) => !quarantined)
  const called = (action: Action) => callable({ action, resource }, contexts[countedRisk(action)])
  const could = couldPermit(around, policies)
  const actions = shown.filter((action) => could(called(action)))
  if (resource.shows !== 'requestable') return { actions, attainable: [], asking: NOTHING }
  const unasked = couldPermit(around, askingAlways(policies))
  return {
    actions,
    attainable: shown.filter(attainability(question)),
    asking: new Set(shown.filter((action) => !unasked(called(action)))),
  }
}
