import { table } from '../../platform/lib/terminal/table.ts'
import { bold, dim, joined, type Text, text } from '../../platform/lib/terminal/text.ts'
import { statusWord } from '../../platform/lib/terminal/words.ts'
import { limitLine } from './limit.ts'
import type { AnswerOf } from './server/operation-types.ts'

type TaskJson = AnswerOf<'GET', '/tasks/:id'>

/** Tasks around one task, parents before children. */
export interface TreePosition {
  /** From the top of the tree down to its parent; empty as well when those are not the caller's to see. */
  readonly ancestors: readonly TaskJson[]
  /** All below it. */
  readonly descendants: readonly TaskJson[]
  /** Older closed tasks were left off. */
  readonly more: boolean
}

/** `tasks`: a whole tree or part of one, parents before children. */
export function around(task: TaskJson, tasks: readonly TaskJson[], more: boolean): TreePosition {
  const byId = new Map(tasks.map((one) => [one.id, one]))
  const ancestors: TaskJson[] = []
  for (let at = above(task, byId); at; at = above(at, byId)) ancestors.unshift(at)
  const below = new Set([task.id])
  const descendants = tasks.filter(({ id, parent }) => {
    const hangs = parent !== null && below.has(parent)
    if (hangs) below.add(id)
    return hangs
  })
  return { ancestors, descendants, more }
}

function above({ parent }: TaskJson, byId: ReadonlyMap<string, TaskJson>): TaskJson | undefined {
  return parent === null ? undefined : byId.get(parent)
}

/** The line down to a task and everything below it, each with how it stands. */
export function treeLines(
  task: TaskJson,
  tree: TreePosition,
  width: number | undefined,
): readonly Text[] {
  const { ancestors, descendants, more } = tree
  const hidden = task.parent !== null && ancestors.length === 0
  if (ancestors.length + descendants.length === 0 && !hidden)
    return [dim('none: it was opened by itself and has handed nothing on')]
  const rows = [
    ...ancestors.map((one, depth) => ({ one, depth })),
    ...nested(task, descendants, ancestors.length),
  ].map(({ depth, one }) => [
    text`${'  '.repeat(Math.max(0, depth - 1))}${depth > 0 ? '└ ' : ''}${one === task ? bold(one.agent) : one.agent}`,
    one === task ? text`${one.id} ${dim('(this)')}` : one.id,
    statusWord(one.state),
    one.budget.length === 0
      ? dim('–')
      : joined(
          one.budget.map((limit) => limitLine(limit)),
          '; ',
        ),
    one.purpose,
  ])
  return [
    ...(hidden ? [dim('the task above it is not yours to see')] : []),
    ...table(['AGENT', 'TASK', 'STATE', 'BUDGET', 'PURPOSE'], rows, width),
    ...(more ? [dim('older closed tasks were left off')] : []),
  ]
}

function nested(
  task: TaskJson,
  tasks: readonly TaskJson[],
  depth: number,
): readonly { readonly one: TaskJson; readonly depth: number }[] {
  const children = tasks.filter(({ parent }) => parent === task.id)
  return [{ one: task, depth }, ...children.flatMap((child) => nested(child, tasks, depth + 1))]
}
