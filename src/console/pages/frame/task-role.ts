import { findAgent } from '../../../identity/agents/index.ts'
import type { Task } from '../../../tasks/tasks/index.ts'
import type { PageParts } from '../parts.ts'
import type { Visitor } from '../visit.ts'

/** Role of a person towards a task; also the reason that closing it is recorded with. */
export interface Role {
  readonly by: string
  readonly reason: 'person' | 'owner' | 'administrator'
}

/** Ending reduces, so all three may; standing still and going on again are for those who answer for the agent. */
export function mayChange({ reason }: Role): { end: boolean; suspend: boolean } {
  return { end: true, suspend: reason !== 'person' }
}

/** Finds the role; administrators last: a person with another role towards the task acts in that. */
export async function roleOf(
  parts: Pick<PageParts, 'decisions'>,
  { person, administrator }: Visitor,
  task: Pick<Task, 'agentId' | 'personId'>,
): Promise<Role | undefined> {
  const agent = await findAgent(parts.decisions.storage.read, task.agentId)
  const by = person.id
  if (agent?.ownerId === person.id) return { by, reason: 'owner' }
  if (administrator && task.personId !== person.id) return { by, reason: 'administrator' }
  if (task.personId !== person.id) return undefined
  return { by, reason: administrator ? 'administrator' : 'person' }
}
