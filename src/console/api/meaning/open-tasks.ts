import type { ChangeSummary } from '../../../identity/sessions/index.ts'
import { countUnclosed, type TasksOf } from '../../../tasks/tasks/index.ts'
import type { ApiParts } from '../parts.ts'

/** Fact about the tasks that come back: a thief who has the key of one has it still. */
export async function openTasksFact(
  parts: Pick<ApiParts, 'decisions'>,
  of: TasksOf,
): Promise<ChangeSummary['facts']> {
  const count = await countUnclosed(parts.decisions.storage.read, of)
  const words = count === 0 ? 'none' : `${count}, which can go on with the keys that they have`
  return [['Open tasks', words]]
}
