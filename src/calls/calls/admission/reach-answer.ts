import { type BudgetPeek, couldPermit, type Detail } from '@remit/engine'
import { type Action, type CatalogView, countedRisk } from '../../../catalog/catalog/index.ts'
import { callable, contextsOf, factsAround } from '../../../tasks/facts/index.ts'
import { askingAlways, attainability, type TaskPlace } from './attainable.ts'

/** Question what a task could call at a resource, with all that the answer depends on. */
export interface ReachQuestion extends TaskPlace {
  readonly catalog: Pick<CatalogView, 'actionsOf' | 'kindOf'>
  /** Details of the task that the token holds. */
  readonly narrowed: readonly Detail[]
  /** Limits that do not come back by themselves, as far as they are left. */
  readonly budgets: readonly BudgetPeek[]
}

export interface ReachAnswer {
  readonly actions: readonly Action[]
  readonly attainable: readonly Action[]
  /** Actions whose every call people are asked about, where the resource shows that. */
  readonly asking: ReadonlySet<Action>
}

const ADMITTED = { gate: 'credential', passed: true, detail: 'token and proof are valid' } as const
const NOTHING: ReadonlySet<never> = new Set()

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
