import type { CallableAction, CallFacts, PolicyRecord, ReachFacts } from '@remit/engine'
import { countedRisk } from '../../catalog/catalog/index.ts'
import type { TaskLineage } from '../tasks/index.ts'
import type { Call } from './call.ts'
import { settingLiveness } from './liveness.ts'
import type { Setting } from './setting.ts'

/**
 * Answers the facts that all calls of a task at one resource share, whether a call is decided or
 * listed as one that could be made.
 */
export function factsAround(
  setting: Setting,
  task: TaskLineage['task'],
): Omit<ReachFacts, 'credential' | 'budgets'> {
  return {
    liveness: settingLiveness(setting, task),
    details: setting.details,
    person: setting.personEntity,
    sponsored: task.sponsored,
    intersectWith: setting.intersectWith,
    agents: setting.agentEntities,
    entities: setting.entities,
    external: [],
    obligations: [],
    doable: [],
  }
}

/** An action as gates and policies see a call of it, but for its arguments. */
export function callable(
  { action, resource }: Pick<Call, 'action' | 'resource'>,
  context: PolicyRecord,
): CallableAction {
  return {
    location: resource.identifier,
    resource: resource.name,
    action: action.name,
    risk: countedRisk(action),
    context,
  }
}

/**
 * Answers the authentication that the task began with, as the token or the session said: nothing
 * later speaks for the person.
 */
export function authenticationOf(
  { acr, authTime }: Pick<TaskLineage['task'], 'acr' | 'authTime'>,
  at: number,
): NonNullable<CallFacts['authentication']> {
  return {
    ...(acr === null ? {} : { acr }),
    ...(authTime === null ? {} : { ageSeconds: Math.max(0, Math.ceil((at - authTime) / 1000)) }),
  }
}
