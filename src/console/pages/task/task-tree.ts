import type { LimitUse } from '../../../tasks/budgets/index.ts'
import { answersInWords, argumentInWords } from '../frame/authority.ts'
import { type Html, html } from '../frame/html.ts'
import { empty } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { duration, when } from '../frame/time.ts'
import { closeReason, taskBadge } from './task-words.ts'
import type { TaskItem } from './tasks-page.ts'

/** A task in a tree. */
export interface TreeTask extends TaskItem {
  readonly parentId: string | null
  /** Person it acts for, or who sponsors it. */
  readonly person: string
  readonly sponsored: boolean
  readonly limits: readonly LimitUse[]
  /** True when the viewer may open its page. */
  readonly insider: boolean
}

export interface TreeView {
  /** From the top of the tree down to the parent. */
  readonly above: readonly TreeTask[]
  /** There are tasks above it that are not the viewer's to see. */
  readonly hidden: boolean
  readonly own: TreeTask
  /** All below it, parents before children. */
  readonly below: readonly TreeTask[]
  /** Older closed tasks were left off. */
  readonly more: boolean
}

/** The line down to a task, and everything below it, nested. */
export function taskTree(view: TreeView, now: number): Html {
  const { above, below, hidden, more, own } = view
  return html`${
    hidden && html`<p class="soft small">It is below another task, which you may not see.</p>`
  }${
    above.length + below.length > 0
      ? html`<ol class="tree">${line(above, view, now)}</ol>`
      : empty(
          'It has handed nothing on',
          'When the agent lets another agent do part of the work, the task of that agent is here, with all below it.',
        )
  }${more && html`<p class="soft small">Older tasks that have ended are left off.</p>`}${
    below.length > 0 &&
    own.state !== 'closed' &&
    html`<p class="soft small">When a task ends, everything below it ends at once.</p>`
  }`
}

function line(above: readonly TreeTask[], view: TreeView, now: number): Html {
  const [first, ...rest] = above
  if (!first) return branch(view.own, view, now)
  return html`<li>${node(first, now)}<ol>${line(rest, view, now)}</ol></li>`
}

function branch(task: TreeTask, view: TreeView, now: number): Html {
  const children = view.below.filter(({ parentId }) => parentId === task.id)
  const here = task === view.own
  return html`<li>${here ? ownNode(task, now) : node(task, now)}${
    children.length > 0 && html`<ol>${children.map((child) => branch(child, view, now))}</ol>`
  }</li>`
}

function node(task: TreeTask, now: number): Html {
  const purpose = html`“${show(task.purpose)}”`
  const to = task.insider ? html`<a href="/tasks/${task.id}">${purpose}</a>` : purpose
  return html`<div class="node"><p><strong>${show(task.agent)}</strong> ${to}</p>${meta(task, now)}</div>`
}

function ownNode(task: TreeTask, now: number): Html {
  return html`<div class="node own" aria-current="page"><p><strong>${show(task.agent)}</strong> “${show(task.purpose)}” <span class="soft nowrap">· this task</span></p>${meta(task, now)}</div>`
}

function meta(task: TreeTask, now: number): Html {
  const { limits, person, sponsored } = task
  const time =
    task.state === 'closed'
      ? html`<span>${when(task.closedAt ?? task.openedAt, now)}</span><span>${closeReason(task.closeReason)}</span>`
      : html`<span>${duration(Math.max(0, task.deadline - now))} left</span>`
  return html`<p class="meta">${taskBadge(task.state)}<span>${sponsored ? 'sponsored by' : 'for'} ${show(person)}</span>${limits.map((limit) => html`<span>${limitInWords(limit)}</span>`)}${time}</p>`
}

/** `3 of 20 calls used` */
export function limitInWords(limit: LimitUse): Html {
  const of = `${limit.used} of ${limit.most}`
  const any = limit.seconds !== undefined && ` in any ${duration(limit.seconds * 1000)}`
  if (limit.kind === 'sum')
    return html`${of} used, adding up ${show(argumentInWords(limit.path))} of <code>${limit.action}</code>${any}`
  if (limit.kind === 'charged' || limit.kind === 'rows')
    return html`${of} used, ${answersInWords(limit)}${any}`
  return html`${of} calls${limit.action !== undefined && html` of <code>${limit.action}</code>`}${any} used`
}
