import { couldPermit, type PolicySet } from '@remit/engine'
import { type Action, countedRisk, type Resource } from '../../catalog/index.ts'
import { callable, contextsOf, factsAround, type Setting } from '../../facts/index.ts'
import { withinSpaces } from '../../spaces/index.ts'
import type { TaskLineage } from '../../tasks/index.ts'
import type { CallParts } from '../parts.ts'

const KNOWN = { gate: 'credential', passed: true, detail: 'token and proof are valid' } as const

/** Calls of a task, and where they would go. */
interface TaskCalls {
  readonly held: TaskLineage
  readonly setting: Setting
  readonly resource: Resource
  readonly origin: { readonly ip: string }
}

/**
 * Answers which actions a task was not given and could be, by its person's word: within the agent's
 * ceiling and the space, and forbidden by no policy outright. Nothing where the resource does not
 * show such actions, or where others than a person decide what the task may do.
 * INVARIANT: it permits nothing; what a person allows opens another task.
 */
export async function attainable(
  parts: CallParts,
  { held, origin, resource, setting }: TaskCalls,
): Promise<(action: Action) => boolean> {
  const { above, task } = held
  const [agent] = setting.agents
  const byPerson = above.length === 0 && task.issuers.length === 0 && !task.sponsored
  if (resource.shows !== 'requestable' || !byPerson || !agent) return () => false
  const policies = await parts.policies.active()
  const { kindOf } = await parts.catalog.current()
  const details = withinSpaces(agent.ceiling, setting.where?.line ?? [], kindOf)
  const facts = { ...factsAround(setting, task), details, narrowed: details, budgets: [] }
  const could = couldPermit({ ...facts, credential: KNOWN }, policies)
  const contexts = contextsOf({ at: parts.clock.now(), origin }, held, setting)
  const given = new Set(task.details.flatMap((each) => (isAt(each, resource) ? each.actions : [])))
  return (action) =>
    !given.has(action.name) &&
    !action.quarantined &&
    could(callable({ action, resource }, contexts[countedRisk(action)]))
}

function isAt({ locations }: { readonly locations: readonly string[] }, at: Resource): boolean {
  return locations.includes(at.identifier)
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
