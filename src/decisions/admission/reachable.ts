import { couldPermit } from '@remit/engine'
import type { Action } from '../../catalog/index.ts'
import { peekBudgets } from '../../tasks/index.ts'
import { callable, factsAround } from '../judging/grounds.ts'
import type { DecisionParts } from '../parts.ts'
import type { Admitted } from './admit.ts'

/** A call that says nothing about itself: it falls under the limits that every call falls under. */
const ANY_CALL = { action: '', arguments: new Map() }

/**
 * The actions of the admitted resource for which some arguments could be permitted, or people asked, by the same gates that
 * decide calls. In the order of the catalog. It promises nothing: each call is decided when it is made, and what is
 * missing here is refused there. Ask `stillLive` before telling anyone.
 */
export async function reachableActions(
  parts: DecisionParts,
  admitted: Admitted,
): Promise<readonly Action[]> {
  const { narrowed, origin, resource, task, view } = admitted
  const held = await parts.facts.task(task.id)
  if (!held) throw new Error('an admitted task has no row')
  const setting = await parts.facts.setting(held, resource.name, view)
  // INVARIANT: policies and catalog are taken after the view that watches over them was read.
  const policies = await parts.policies.active()
  const catalog = await parts.catalog.current()
  const { peeks } = await peekBudgets(parts, [held.task, ...held.above], ANY_CALL)
  const around = { ...factsAround(setting, held.task), narrowed, budgets: peeks }
  const could = couldPermit({ ...around, credential: ADMITTED }, policies)
  const at = parts.clock.now()
  return catalog
    .actionsOf(resource.name)
    .filter((action) => could(callable({ at, call: { action, resource, origin } }, held)))
}

const ADMITTED = { gate: 'credential', passed: true, detail: 'token and proof hold' } as const
