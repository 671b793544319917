import type { Detail } from '@remit/engine'
import { detailsInWords, type TitleOf } from '../frame/authority.ts'
import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { empty } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { duration, when } from '../frame/time.ts'
import { closeReason, type TaskStateName, taskBadge } from './task-words.ts'

export interface TaskItem {
  readonly id: string
  readonly purpose: string
  readonly agent: string
  readonly state: TaskStateName
  readonly openedAt: number
  readonly deadline: number
  readonly closedAt: number | null
  readonly closeReason: string | null
}

/** Basis on which an agent may act for the viewer. */
export interface BasisItem {
  readonly id: string
  readonly agent: string
  readonly details: readonly Detail[]
  /** The viewer's own consent, or an administrator's grant. */
  readonly kind: 'consent' | 'admin'
  readonly createdAt: number
  readonly expiresAt: number | null
}

export interface TasksView {
  readonly now: number
  readonly viewer: Viewer
  readonly running: readonly TaskItem[]
  readonly ended: readonly TaskItem[]
  readonly bases: readonly BasisItem[]
  readonly titleOf: TitleOf
}

export function taskList(items: readonly TaskItem[], now: number): Html {
  return html`<ul class="list">${items.map((item) => {
    const time =
      item.state === 'closed'
        ? html`<span>${when(item.closedAt ?? item.openedAt, now)}</span><span>${closeReason(item.closeReason)}</span>`
        : html`<span>${duration(Math.max(0, item.deadline - now))} left</span>`
    return html`<li class="item"><p class="what"><a href="/tasks/${item.id}">“${show(item.purpose)}”</a></p>
<p class="meta">${taskBadge(item.state)}<span>${show(item.agent)}</span>${time}</p></li>`
  })}</ul>`
}

function basisCard(item: BasisItem, view: TasksView): Html {
  const { now, titleOf, viewer } = view
  const source =
    item.kind === 'consent' ? 'You allowed this' : 'An administrator allowed this for you'
  return html`<li class="card"><div class="head"><h3 id="${item.id}">${show(item.agent)}</h3>
<p class="soft">${source} ${when(item.createdAt, now)}. ${item.expiresAt === null ? 'It has no end.' : html`Ends ${when(item.expiresAt, now)}.`}</p></div>
${detailsInWords(item.details, titleOf)}
${item.kind === 'consent' ? html`<form method="post" action="/bases/${item.id}/end">${csrfField(viewer)}<div class="actions"><button class="danger" aria-describedby="${item.id}">Take it back</button><span class="soft small">Ends every task that stands on it, at once.</span></div></form>` : html`<p class="soft small">An administrator can end it.</p>`}</li>`
}

export function tasksPage(view: TasksView): string {
  const { running, ended, bases, now } = view
  const body = html`<div class="head"><h1>Tasks</h1><p class="lead">What agents are doing for you, and what they may do.</p></div>
<section aria-labelledby="running"><h2 id="running">Running</h2>
${running.length > 0 ? taskList(running, now) : empty('No agent is working for you', 'An agent opens a task when it starts something on your behalf. When the task ends, everything it held is dead.')}</section>
<section aria-labelledby="bases"><h2 id="bases">What agents may do for you</h2>
${bases.length > 0 ? html`<ul class="list">${bases.map((item) => basisCard(item, view))}</ul>` : empty('No agent may act for you', 'The first time an agent wants to, you are asked here.')}</section>
${ended.length > 0 && html`<section aria-labelledby="ended"><h2 id="ended">Ended lately</h2>${taskList(ended, now)}</section>`}`
  return documentOf({ title: 'Tasks', body, viewer: view.viewer, current: 'tasks' })
}
