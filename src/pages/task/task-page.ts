import type { Detail } from '@remit/engine'
import type { LimitUse } from '../../tasks/index.ts'
import { type RequestItem, requestList } from '../approval/approvals-page.ts'
import { type DecisionItem, decisionTable } from '../decision/decision-words.ts'
import { argumentInWords, detailsInWords, type TitleOf } from '../frame/authority.ts'
import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { empty, facts, notice } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { when } from '../frame/time.ts'
import { closeReason, type TaskStateName, taskBadge } from './task-words.ts'
import { type TaskItem, taskList } from './tasks-page.ts'

export interface TaskView {
  readonly now: number
  readonly viewer: Viewer
  readonly id: string
  readonly purpose: string
  readonly person: string
  readonly agent: { readonly name: string; readonly owner: string }
  readonly parent: { readonly id: string } | undefined
  readonly state: TaskStateName
  readonly openedAt: number
  readonly deadline: number
  readonly closedAt: number | null
  readonly closeReason: string | null
  readonly details: readonly Detail[]
  readonly limits: readonly LimitUse[]
  readonly titleOf: TitleOf
  readonly children: readonly TaskItem[]
  /** Waiting for a person. */
  readonly requests: readonly RequestItem[]
  readonly decisions: readonly DecisionItem[]
  readonly may: { readonly end: boolean; readonly suspend: boolean }
  readonly mistake?: string | undefined
}

export function taskPage(view: TaskView): string {
  const { now } = view
  const body = html`
<div class="head"><p class="eyebrow">${taskBadge(view.state)}<span>Task of ${show(view.agent.name)} for ${show(view.person)}</span></p>
<h1>“${show(view.purpose)}”</h1><p class="soft small">The purpose is in the agent’s own words. Not verified.</p></div>
${view.mistake !== undefined && notice('bad', 'Nothing was changed', html`<p>${view.mistake}</p>`)}
${view.requests.length > 0 && html`<section aria-labelledby="asked"><h2 id="asked">Waiting for a person</h2>${requestList(view.requests, now)}</section>`}
<section class="card" aria-labelledby="about"><h2 id="about">About</h2>${about(view)}</section>
<section class="card" aria-labelledby="may"><h2 id="may">What it may do</h2>${detailsInWords(view.details, view.titleOf)}
<p class="soft small">At most this, and only what ${show(view.person)} may do too. Every call is decided when it is made.</p></section>
${view.children.length > 0 && html`<section aria-labelledby="below"><h2 id="below">Tasks below it</h2>${taskList(view.children, now)}</section>`}
<section class="card" aria-labelledby="decisions"><h2 id="decisions">Recent decisions</h2>
${view.decisions.length > 0 ? decisionTable('Recent decisions', view.decisions, now) : empty('No call yet', 'Every call that the agent makes is listed here, with the reason.')}</section>
${acts(view)}`
  return documentOf({ title: 'Task', body, viewer: view.viewer, current: 'tasks' })
}

function about(view: TaskView): Html {
  const { now, parent } = view
  return facts([
    [
      'Agent',
      html`${show(view.agent.name)} <span class="soft">owned by ${show(view.agent.owner)}</span>`,
    ],
    ['On behalf of', show(view.person)],
    ['Opened', when(view.openedAt, now)],
    view.closedAt === null
      ? ['Ends by itself', when(view.deadline, now)]
      : [
          'Ended',
          html`${when(view.closedAt, now)} <span class="soft">because ${closeReason(view.closeReason)}</span>`,
        ],
    ['Budget', view.limits.length > 0 && budget(view.limits)],
    ['Under', parent && html`<a href="/tasks/${parent.id}">${parent.id}</a>`],
    ['Task id', html`<code>${view.id}</code>`],
  ])
}

/** `3 of 20 calls used`, a line for each limit. */
function budget(limits: readonly LimitUse[]): Html {
  const lines = limits.map((limit) => {
    const of = `${limit.used} of ${limit.most}`
    return limit.kind === 'calls'
      ? html`<li>${of} calls used</li>`
      : html`<li>${of} used, adding up ${show(argumentInWords(limit.path))} of <code>${limit.action}</code></li>`
  })
  return html`<ul class="lines">${lines}</ul>`
}

function act(view: TaskView, name: string, label: string, look: string): Html {
  return html`<form class="inline" method="post" action="/tasks/${view.id}/${name}">${csrfField(view.viewer)}<button class="${look}">${label}</button></form>`
}

function acts(view: TaskView): Html | false {
  if (view.state === 'closed' || !(view.may.end || view.may.suspend)) return false
  const pause =
    view.may.suspend &&
    (view.state === 'open'
      ? act(view, 'suspend', 'Suspend', '')
      : act(view, 'resume', 'Resume', 'primary'))
  return html`<section class="card" aria-labelledby="acts"><h2 id="acts">Stop it</h2>
<p>Ending is final: tokens, open requests, running streams and tasks below it die at once.${pause && ' Suspending lets everything stand still until you resume it.'}</p>
<div class="actions">${view.may.end && act(view, 'end', 'End task', 'danger')}${pause}</div></section>`
}
