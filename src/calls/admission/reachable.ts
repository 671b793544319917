import { couldPermit, covers, type TypedArguments } from '@remit/engine'
import { limitsOver, peekBudgets } from '../../budgets/index.ts'
import { type Action, countedRisk } from '../../catalog/index.ts'
import { callable, contextsOf, factsAround } from '../../facts/index.ts'
import type { CallParts } from '../parts.ts'
import type { AdmittedRequest } from './admit.ts'
import { askingAlways, attainable } from './attainable.ts'

/** A call that says nothing about itself: it falls under the limits that every call falls under. */
const ANY_CALL = { action: '', arguments: new Map() }

/** Calls that an admitted task could make at a resource. */
export interface Reach {
  /** Ground of all this, for `stillLive`. */
  readonly rests: Pick<AdmittedRequest, 'view' | 'ticket'>
  /** False: nothing can be called there now, whatever the task was given: it is suspended. */
  readonly isOpen: boolean
  /**
   * Actions that could be permitted with some arguments, or that people could be asked about. In
   * the order of the catalog.
   */
  readonly actions: readonly Action[]
  /** Actions that the task was not given and could be (`attainable`), where the resource shows them. */
  readonly attainable: readonly Action[]
  /** Tells whether people are asked about each call, where the resource shows that. */
  asksPeople(action: Action): boolean
  /**
   * Tells whether the bounds of task and token hold for these arguments of one of them, wherever
   * that is known beforehand.
   */
  covers(action: Action, given: TypedArguments): boolean
}

/**
 * Answers what an admitted task could call at a resource, by default the one that it came to, by the
 * same gates that decide calls. It promises nothing: each call is decided when it is made, and what
 * is missing here is refused there. Ask `stillLive` before telling anyone.
 */
export async function reachOf(
  parts: CallParts,
  admitted: AdmittedRequest,
  resource = admitted.resource,
): Promise<Reach> {
  const { narrowed, origin, task, view } = admitted
  const held = await parts.facts.task(task.id)
  if (!held) throw new Error('an admitted task has no row')
  const at = parts.clock.now()
  const setting = await parts.facts.setting(held, resource.name, view, at)
  // INVARIANT: policies and catalog are taken after the view that watches over them was read.
  const policies = await parts.policies.active()
  const catalog = await parts.catalog.current()
  const { limits } = await parts.facts.limits(held)
  const over = limitsOver([held.task, ...held.above], limits)
  // What is used up for an hour hides nothing: it would be missing for good from a list that is asked for once.
  const lasting = over.filter(({ limit }) => limit.seconds === undefined)
  const { peeks } = await peekBudgets(parts, lasting, ANY_CALL, parts.clock.now())
  const around = { ...factsAround(setting, held.task), narrowed, budgets: peeks }
  const could = couldPermit({ ...around, credential: ADMITTED }, policies)
  const contexts = contextsOf({ at, origin }, held, setting)
  const { kindOf } = catalog
  const shown = catalog.actionsOf(resource.name).filter((action) => !action.quarantined)
  const withContext = (action: Action) =>
    callable({ action, resource }, contexts[countedRisk(action)])
  const isAttainable = await attainable(parts, { held, origin, resource, setting })
  const unasked =
    resource.shows === 'requestable'
      ? couldPermit({ ...around, credential: ADMITTED }, askingAlways(policies))
      : () => true
  return {
    rests: { view, ticket: { ...admitted.ticket, also: setting.also } },
    isOpen: around.liveness.passed,
    actions: shown.filter((action) => could(withContext(action))),
    attainable: shown.filter(isAttainable),
    asksPeople: (action) => !unasked(withContext(action)),
    covers: ({ name: action }, given) => {
      const call = { location: resource.identifier, action, arguments: given }
      return [setting.details, narrowed].every((list) => covers(list, call, kindOf).covered)
    },
  }
}

const ADMITTED = { gate: 'credential', passed: true, detail: 'token and proof are valid' } as const
