import type { Detail } from '@remit/engine'
import type { ForeignActor } from '../../../identity/tokens/index.ts'
import type { LimitSubject, LimitUse, ShownLimit } from '../../../tasks/budgets/index.ts'
import type { OpeningKind } from '../../../tasks/tasks/index.ts'
import { type RequestItem, requestList } from '../approval/approvals-page.ts'
import { type DecisionItem, decisionTable } from '../decision/decision-words.ts'
import { detailsInWords, type TitleOf } from '../frame/authority.ts'
import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { behind } from '../frame/name-provenance.ts'
import { empty, facts, notice } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { when } from '../frame/time.ts'
import { limitInWords, type TreeView, taskTree } from './task-tree.ts'
import { closeReason, type TaskStateName, taskBadge } from './task-words.ts'

export interface TaskView {
  readonly now: number
  readonly viewer: Viewer
  readonly id: string
  readonly purpose: string
  readonly person: string
  readonly agent: { readonly name: string; readonly owner: string }
  readonly openedBy: OpeningKind
  /** Agents that acted elsewhere before, the latest first. */
  readonly actors: readonly ForeignActor[]
  readonly sponsored: boolean
  /**
   * Sponsor grant that the task is under, and whether the viewer has it in the list on the home
   * page.
   */
  readonly sponsorGrant: { readonly id: string; readonly listed: boolean } | undefined
  readonly state: TaskStateName
  readonly openedAt: number
  readonly deadline: number
  readonly closedAt: number | null
  readonly closeReason: string | null
  readonly details: readonly Detail[]
  readonly mayDelegate: readonly Detail[]
  readonly limits: readonly LimitUse[]
  /** Limits over all tasks, as far as they are the viewer's to see. */
  readonly standing: readonly ShownLimit[]
  readonly titleOf: TitleOf
  readonly tree: TreeView
  /** Waiting for a person. */
  readonly requests: readonly RequestItem[]
  readonly decisions: readonly DecisionItem[]
  readonly may: { readonly end: boolean; readonly suspend: boolean }
  readonly mistake?: string | undefined
}

/** Sentences about whose words the purpose is in. */
const PURPOSE = {
  exchange: 'The purpose is in the agent’s own words. Not verified.',
  code: 'The purpose is what was agreed to when the program was let in.',
  sponsor: 'The purpose is what the sponsor wrote.',
  child: 'The purpose is in the words of the agent that handed this on. Not verified.',
  assertion:
    'It began with an assertion of another organization; the purpose is in the agent’s own words. Not verified.',
  token: 'It began with an access token of another server, which says no purpose.',
} as const satisfies Record<OpeningKind, string>

export function taskPage(view: TaskView): string {
  const { now } = view
  const body = html`
<div class="head"><p class="eyebrow">${taskBadge(view.state)}<span>Task of ${show(view.agent.name)}${view.sponsored ? ', sponsored by ' : ' for '}${show(view.person)}</span></p>
<h1>“${show(view.purpose)}”</h1><p class="soft small">${PURPOSE[view.openedBy]}</p></div>
${view.mistake !== undefined && notice('bad', 'Nothing was changed', html`<p>${view.mistake}</p>`)}
${view.requests.length > 0 && html`<section aria-labelledby="asked"><h2 id="asked">Waiting for a person</h2>${requestList(view.requests, now)}</section>`}
<section class="card" aria-labelledby="about"><h2 id="about">About</h2>${about(view)}</section>
<section class="card" aria-labelledby="may"><h2 id="may">What it may do</h2>${detailsInWords(view.details, view.titleOf)}${handsOn(view)}
<p class="soft small">At most this, and only what ${show(view.person)} may do too. Every call is decided when it is made.</p></section>
<section class="card" aria-labelledby="tree"><h2 id="tree">Tasks around it</h2>${taskTree(view.tree, now)}</section>
<section class="card" aria-labelledby="decisions"><h2 id="decisions">Recent decisions</h2>
${view.decisions.length > 0 ? decisionTable('Recent decisions', view.decisions, now) : empty('No call yet', 'Every call that the agent makes is listed here, with the reason.')}</section>
${acts(view)}`
  return documentOf({ title: 'Task', body, viewer: view.viewer, current: 'tasks' })
}

function about(view: TaskView): Html {
  const { now, person, sponsorGrant } = view
  return facts([
    [
      'Agent',
      html`${show(view.agent.name)} <span class="soft">owned by ${show(view.agent.owner)}</span>`,
    ],
    ['Behind it', view.actors.length > 0 && behind(view.actors)],
    view.sponsored
      ? ['Sponsored by', html`${show(person)}<span class="soft">, who need not be present</span>`]
      : ['On behalf of', show(person)],
    [
      'Sponsor grant',
      sponsorGrant &&
        (sponsorGrant.listed
          ? html`<a href="/#${sponsorGrant.id}">${sponsorGrant.id}</a>`
          : html`<code>${sponsorGrant.id}</code>`),
    ],
    ['Opened', when(view.openedAt, now)],
    view.closedAt === null
      ? ['Ends by itself', when(view.deadline, now)]
      : [
          'Ended',
          html`${when(view.closedAt, now)} <span class="soft">because ${closeReason(view.closeReason)}</span>`,
        ],
    ['Budget', view.limits.length > 0 && budget(view.limits)],
    ['Limits', view.standing.length > 0 && standingLimits(view)],
    ['Task id', html`<code>${view.id}</code>`],
  ])
}

/** A line for each limit. */
function budget(limits: readonly LimitUse[]): Html {
  return html`<ul class="lines">${limits.map((limit) => html`<li>${limitInWords(limit)}</li>`)}</ul>`
}

/** Shows the limits over all tasks, and for whom they are. */
function standingLimits({ person, standing }: TaskView): Html {
  return html`<ul class="lines">${standing.map(
    ({ standing: { subject }, use }) =>
      use &&
      html`<li>${limitInWords(use)} <span class="soft">${subjectLabel(subject, person)}</span></li>`,
  )}</ul>`
}

function subjectLabel({ id, kind }: LimitSubject, person: string): Html {
  if (kind === 'organization') return html`by everything together`
  return kind === 'person' ? html`by all for ${show(person)}` : html`by all of ${kind} ${show(id)}`
}

/** Says what other agents may get from the task, unless that is all that it may do. */
function handsOn({ details, mayDelegate, titleOf }: TaskView): Html {
  if (mayDelegate.length === 0) return html`<p>It may hand none of this on to other agents.</p>`
  const same = JSON.stringify(details.map(bare)) === JSON.stringify(mayDelegate.map(bare))
  return same
    ? html`<p>It may hand this on to other agents.</p>`
    : html`<h3>What it may hand on to other agents</h3>${detailsInWords(mayDelegate, titleOf)}`
}

function bare({ actions, bounds, locations }: Detail): Omit<Detail, 'type'> {
  return { locations, actions, bounds }
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
