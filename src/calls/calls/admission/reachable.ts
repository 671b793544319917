import { covers, type TypedArguments } from '@remit/engine'
import type { Action } from '../../../catalog/catalog/index.ts'
import { limitsOver, peekBudgets } from '../../../tasks/budgets/index.ts'
import { settingLiveness } from '../../../tasks/facts/index.ts'
import type { CallParts } from '../parts.ts'
import type { AdmittedRequest } from './admit.ts'
import { KeptReaches } from './kept-reaches.ts'

/** A call without an action or arguments: it falls under the limits that every call falls under. */
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
  /** Actions that the task was not given and could be, where the resource shows them. */
  readonly attainable: readonly Action[]
  /**
   * Number of these actions as they are here: where it is the same, so are they, and all that the
   * catalog says. `undefined`: they are not kept.
   */
  readonly mark: string | undefined
  /** Tells whether people are asked about each call, where the resource shows that. */
  asksPeople(action: Action): boolean
  /**
   * Tells whether the bounds of task and token hold for these arguments of one of them, wherever
   * that is known beforehand.
   */
  covers(action: Action, given: TypedArguments): boolean
}

const kept = new KeptReaches()

/**
 * Answers what an admitted task could call at a resource, by default the one that it came to, by the
 * same gates that decide calls. It promises nothing: each call is decided when it is made, and what
 * is missing here is refused there. Ask `stillLive` before telling anyone. `answers`: those that are
 * known.
 */
export async function reachOf(
  parts: CallParts,
  admitted: AdmittedRequest,
  resource = admitted.resource,
  answers = kept,
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
  // A limit that is used up for an hour hides nothing: it would be missing for good from a list that is asked for once.
  const lasting = over.filter(({ limit }) => limit.seconds === undefined)
  const { peeks: budgets } = await peekBudgets(parts, lasting, ANY_CALL, parts.clock.now())
  const question = { policies, catalog, resource, held, setting, narrowed, budgets, at, origin }
  const { actions, asking, attainable, mark } = answers.answer(question)
  return {
    rests: { view, ticket: { ...admitted.ticket, also: setting.also } },
    isOpen: settingLiveness(setting, held.task).passed,
    ...{ actions, attainable, mark },
    asksPeople: (action) => asking.has(action),
    covers: ({ name: action }, given) => {
      const call = { location: resource.identifier, action, arguments: given }
      return [setting.details, narrowed].every((list) => covers(list, call, catalog.kindOf).covered)
    },
  }
}
