import { budgetUses } from '../../../tasks/budgets/index.ts'
import { ancestorsOf, openTree, type Task, treeOf } from '../../../tasks/tasks/index.ts'
import { roleOf } from '../frame/task-role.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import type { Visitor } from '../visit.ts'
import type { TreeTask, TreeView } from './task-tree.ts'

/** More than can be open in one tree. */
const MAX = 500

/**
 * Reads the tasks around a task, for a person who may see it.
 * INVARIANT: the whole line and all below it is for the represented person and administrators; who
 * owns the agent sees open tasks below it, and nothing above.
 */
export async function treeView(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  visitor: Visitor,
  task: Task,
): Promise<TreeView> {
  const { read } = parts.decisions.storage
  const whole = visitor.administrator || task.personId === visitor.person.id
  const above = whole ? (await ancestorsOf(read, task)).toReversed() : []
  const found = whole
    ? await treeOf(read, task, MAX)
    : { tasks: await openTree(read, task.id), more: false }
  const below = descendants(task, found.tasks)
  const itemOf = await itemsOf(parts, visitor, [...above, task, ...below])
  return {
    above: above.map(itemOf),
    hidden: !whole && task.parentId !== null,
    own: itemOf(task),
    below: below.map(itemOf),
    more: found.more,
  }
}

/** `tasks` has parents before children. */
function descendants(task: Task, tasks: readonly Task[]): Task[] {
  const below = new Set<string>([task.id])
  return tasks.filter(({ id, parentId }) => {
    const hangs = parentId !== null && below.has(parentId)
    if (hangs) below.add(id)
    return hangs
  })
}

async function itemsOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  visitor: Visitor,
  tasks: readonly Task[],
): Promise<(task: Task) => TreeTask> {
  const names = new Names(parts)
  const uses = await budgetUses(parts.decisions, tasks)
  const items = new Map<string, TreeTask>()
  for (const task of tasks)
    items.set(task.id, {
      ...task,
      agent: await names.agent(task.agentId),
      person: await names.person(task.personId),
      limits: uses.get(task.id) ?? [],
      insider: (await roleOf(parts, visitor, task)) !== undefined,
    })
  return ({ id }) => {
    const item = items.get(id)
    if (!item) throw new Error('a task of the tree without an item')
    return item
  }
}
