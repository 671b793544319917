import { couldPermit, type Detail, type PolicySet } from '@remit/engine'
import {
  type Action,
  type CatalogView,
  countedRisk,
  type Resource,
} from '../../../catalog/catalog/index.ts'
import { withinSpaces } from '../../../identity/spaces/index.ts'
import { callable, contextsOf, factsAround, type Setting } from '../../../tasks/facts/index.ts'
import type { TaskLineage } from '../../../tasks/tasks/index.ts'

/** A task at a resource, with the facts of both and the policies that hold there. */
export interface TaskPlace {
  readonly policies: PolicySet
  readonly catalog: Pick<CatalogView, 'kindOf'>
  readonly resource: Resource
  readonly held: TaskLineage
  readonly setting: Setting
  readonly at: number
  readonly origin: { readonly ip: string }
}

const KNOWN = { gate: 'credential', passed: true, detail: 'token and proof are valid' } as const

/**
 * Answers which actions a task was not given and could be, by its person's word: within the agent's
 * ceiling and the space, and forbidden by no policy outright.
 * INVARIANT: it permits nothing; what a person allows opens another task.
 */
export function attainability(place: TaskPlace): (action: Action) => boolean {
  const details = attainableDetails(place)
  if (!details) return () => false
  const { held, policies, resource, setting } = place
  const around = { ...factsAround(setting, held.task), details, narrowed: details, budgets: [] }
  const could = couldPermit({ ...around, credential: KNOWN }, policies)
  const contexts = contextsOf(place, held, setting)
  const given = new Set(givenActions(place))
  return (action) =>
    !given.has(action.name) &&
    !action.quarantined &&
    could(callable({ action, resource }, contexts[countedRisk(action)]))
}

/**
 * Answers the details that a person could give another task of this kind. `undefined` where the
 * resource does not show such actions, or where others than a person decide what the task may do.
 */
export function attainableDetails({
  catalog: { kindOf },
  held: { above, task },
  resource,
  setting,
}: TaskPlace): readonly Detail[] | undefined {
  const [agent] = setting.agents
  const byPerson = above.length === 0 && task.issuers.length === 0 && !task.sponsored
  if (resource.shows !== 'requestable' || !byPerson || !agent) return undefined
  return withinSpaces(agent.ceiling, setting.where?.line ?? [], kindOf)
}

/** Answers the actions that the task was given at the resource. */
export function givenActions({ held, resource }: Pick<TaskPlace, 'held' | 'resource'>): string[] {
  return held.task.details.flatMap(({ actions, locations }) =>
    locations.includes(resource.identifier) ? actions : [],
  )
}

/** Policies as far as they make each call wait for people, whatever its arguments: they permit the others. */
export function askingAlways(policies: PolicySet): PolicySet {
  const { obligations, requestable, version } = policies
  return {
    ...{ obligations, requestable, version },
    evaluate: (query) => {
      const { determining } = policies.evaluate(query, 'all_but_requestable')
      return { permitted: determining.length === 0, determining, errors: [] }
    },
  }
}
