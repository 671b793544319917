import { couldPermit, type Detail, type PolicySet } from '@remit/engine'
import { countedAccess, countedRisk } from '../../../catalog/catalog/index.ts'
import { callable, contextsOf, factsAround } from '../../../tasks/facts/index.ts'
import type { KnownCase } from '../case.ts'
import type { CallParts } from '../parts.ts'
import type { DenialReason } from '../refuse.ts'
import type { DecisionInputs } from './decision-inputs.ts'

/**
 * Refusal of a call that is sent before its arguments are whole, where the answer could depend on them: bounds, policies
 * that look at them, people, decision points of others. So could it where more than harmless reading is at stake. `undefined`: every
 * call of the action would be permitted, or none, which the gates say.
 * INVARIANT: rules about arguments that are not shown deny.
 */
export async function refuseUndisplayed(
  parts: Pick<CallParts, 'points'>,
  { at, call, who }: KnownCase,
  { policies, setting }: DecisionInputs,
): Promise<DenialReason | undefined> {
  const { action, origin, resource } = call
  const { claims, credential, held } = who
  const context = contextsOf({ at, origin }, held, setting)[countedRisk(action)]
  const around = { ...factsAround(setting, held.task), credential, budgets: [] }
  const may = (choose: (details: readonly Detail[]) => readonly Detail[], set: PolicySet) => {
    const [details, narrowed] = [around.details, claims.authorization_details].map(choose)
    return couldPermit(
      { ...around, details: details ?? [], narrowed: narrowed ?? [] },
      set,
    )(callable({ action, resource }, context))
  }
  if (!may((all) => all, policies)) return undefined
  const judged = await parts.points.judge({ resource: resource.name, action: action.name })
  const isHarmless = countedAccess(action) === 'read' && countedRisk(action) === 'low'
  if (isHarmless && !judged && may(unbounded, whole(policies))) return undefined
  return { ...UNSEEN, gates: [credential] }
}

function unbounded(details: readonly Detail[]): readonly Detail[] {
  return details.filter(({ bounds }) => bounds.length === 0)
}

/** Policies as far as they permit a call whatever its arguments. */
function whole(policies: PolicySet): PolicySet {
  const { obligations, requestable, version } = policies
  const evaluate: PolicySet['evaluate'] = (query) => policies.evaluate(query, 'unseen_arguments')
  return { obligations, requestable, version, evaluate }
}

const UNSEEN = {
  reason: 'arguments.unseen',
  detail: 'whether this call is permitted depends on arguments that are not complete',
  enough: 'the call itself, with all of its arguments',
} as const
