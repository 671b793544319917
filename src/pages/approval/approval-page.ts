import type { Risk } from '@remit/engine'
import type { ForeignActor } from '../../tokens/index.ts'
import { type AllowanceForm, allowanceForm } from '../allowance/allowance-form.ts'
import { type AllowanceItem, allowanceList } from '../allowance/allowance-list.ts'
import type { TitleOf } from '../frame/authority.ts'
import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, claim, facts, notice, type Tone } from '../frame/pieces.ts'
import { asSentence, MAX_HEADING, marked, show } from '../frame/show.ts'
import { clockTime, duration, when } from '../frame/time.ts'
import { behind } from '../frame/vouched.ts'
import { type NotifiedPerson, toldList } from '../notification/told.ts'
import { type RequiredSignIn, signInFirstNotice } from '../sign-in/again.ts'
import { type FrozenIssuance, issuanceInWords, WORDS } from './issuance-words.ts'
import type { ShownCall } from './shown-call.ts'

/** Values that the page shows. `sentence` has been through `visible`; everything else has not. */
export interface ApprovalView {
  readonly now: number
  readonly viewer: Viewer
  readonly id: string
  readonly sentence: string
  readonly risk: Risk
  readonly action: string
  /** Request for a task that is to open, or for a token; `undefined`: it is about a call. */
  readonly issuance: FrozenIssuance | undefined
  readonly titleOf: TitleOf
  /** True when nobody is present: `person` is the sponsor. */
  readonly sponsored: boolean
  readonly resource: string
  readonly person: string
  readonly agent: { readonly name: string; readonly owner: string; readonly trust: string }
  /** Names of the agents from the first to the current one. */
  readonly chain: readonly string[]
  /** Agents that acted elsewhere before the first of them. */
  readonly actors: readonly ForeignActor[]
  readonly task: { readonly id: string; readonly purpose: string }
  /** True when the viewer may see the task and its decisions too. */
  readonly insider: boolean
  readonly call: ShownCall
  /** The body cannot be shown: it is not JSON. */
  readonly uninspectable: boolean
  /** Texts for people from the policies that ask. `rules` are the ids of these policies. */
  readonly prompts: readonly string[]
  readonly rules: readonly string[]
  /** Approvers in words; all of them have to be met. */
  readonly approvers: readonly string[]
  readonly quorum: number
  /** Approvals that it lacks after the answers so far, in words. */
  readonly missing: readonly string[]
  readonly lifetimeMs: number
  readonly usableUntil: number | undefined
  readonly deadline: number
  readonly createdAt: number
  readonly expiresAt: number
  readonly answers: readonly {
    readonly name: string
    readonly answer: 'approve' | 'deny'
    readonly reason: string | null
    readonly at: number
    /** The allowance that was chosen, in words. */
    readonly more: string | undefined
  }[]
  readonly told: readonly NotifiedPerson[]
  readonly standing: RequestStatus
  /** Answers that the viewer may give, or why there are none. */
  readonly may: { readonly answers: readonly ('approve' | 'deny')[] } | { readonly why: string }
  /** Sign-in that is needed before an approval. */
  readonly first?: RequiredSignIn | undefined
  /** Form for an answer beyond *once*, or why there is none. */
  readonly more: AllowanceForm | { readonly why: string }
  /** Digest of what is displayed; comes back with the answer. */
  readonly shown: string
  /** Mistake in the answer that was just given. */
  readonly mistake?: string | undefined
}

export type RequestStatus =
  | { readonly state: 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' }
  | { readonly state: 'used'; readonly decision: string }
  /** Answered for more than once; `undefined`: that is over. */
  | { readonly state: 'allowance'; readonly allowance: AllowanceItem | undefined }

export const RISK: Readonly<Record<Risk, readonly [string, Tone]>> = {
  low: ['Low risk', 'calm'],
  medium: ['Medium risk', 'calm'],
  high: ['High risk', 'warn'],
  critical: ['Critical risk', 'bad'],
}

/** The page on which a person decides about one call (order of the parts: what, who, exactly what, why, what it grants). */
export function approvalPage(view: ApprovalView): string {
  const [risk, tone] = RISK[view.risk]
  const body = html`
<div class="head">
<p class="eyebrow">${badge(risk, tone)} <span>asked ${when(view.createdAt, view.now)}</span></p>
<h1 class="sentence">${marked(view.sentence, MAX_HEADING)}</h1>
</div>
${view.mistake !== undefined && notice('bad', 'Not answered', html`<p>${view.mistake}</p>`)}
${outcome(view)}
${answerable(view, parts(view))}`
  return documentOf({ title: 'Approval', body, viewer: view.viewer, current: 'approvals' })
}

/** Sections that have to be read before an answer. */
function parts(view: ApprovalView): Html {
  return html`${view.call.deceives && notice('warn', wordsOf(view).deceives, html`<p>Characters that cannot be seen are written out as <mark class="hidden">\\u…</mark>; letters that pass for others are <mark class="twin">marked</mark>.</p>`)}
${view.call.tooLong && notice('warn', 'This is too long to be shown on a page', html`<p>Below is how it begins. Approve only after you have read all of it: <a href="/approvals/${view.id}/call" download>download exactly what will be sent</a> and compare its digest.</p>`)}
${view.uninspectable && notice('warn', 'The body of this call cannot be shown', html`<p>It is not JSON. Approve only if you know from elsewhere what is in it.</p>`)}
<section class="card" aria-labelledby="who"><h2 id="who">Who</h2>${who(view)}</section>
<section class="card" aria-labelledby="what"><h2 id="what">${wordsOf(view).heading}</h2>${what(view)}</section>
<section class="card" aria-labelledby="why"><h2 id="why">Why you are asked</h2>${why(view)}</section>`
}

function wordsOf({ issuance }: Pick<ApprovalView, 'issuance'>) {
  return WORDS[issuance?.about ?? 'call']
}

function outcome(view: ApprovalView): Html {
  const { standing, now } = view
  switch (standing.state) {
    case 'pending':
      return html``
    case 'approved':
      return notice(
        'good',
        'Approved, not used yet',
        html`<p>Good for ${wordsOf(view).goodFor} until ${clockTime(view.usableUntil ?? now, now)}.</p>`,
      )
    case 'used':
      return notice(
        'good',
        wordsOf(view).used,
        html`<p>The approval is used up. ${view.insider && (view.issuance ? html`<a href="/tasks/${view.task.id}">See the task</a>` : html`<a href="/decisions/${standing.decision}">See what happened</a>`)}</p>`,
      )
    case 'allowance':
      return standing.allowance
        ? html`${notice('good', 'Approved for more than once', html`<p>Calls like this one go through without asking.</p>`)}${allowanceList([standing.allowance], view)}`
        : notice('calm', 'The allowance is over', html`<p>Calls like this one ask again.</p>`)
    case 'denied':
      return notice('bad', 'Denied', html`<p>${wordsOf(view).not}</p>`)
    case 'expired':
      return notice(
        'calm',
        'Expired',
        html`<p>Nobody answered in time, so it was denied. ${wordsOf(view).not}</p>`,
      )
    case 'cancelled':
      return notice(
        'calm',
        'No longer needed',
        html`<p>The task ended or asked for something else. ${wordsOf(view).not}</p>`,
      )
  }
}

function who(view: ApprovalView): Html {
  const { agent, chain } = view
  return html`${facts([
    [view.sponsored ? 'Sponsored by' : 'On behalf of', show(view.person)],
    [
      'Agent',
      html`${show(agent.name)} <span class="soft">${agent.trust.toLowerCase()}, owned by ${show(agent.owner)}</span>`,
    ],
    [
      'Through',
      chain.length > 1 &&
        html`<ol class="chain">${chain.map((name, i) => html`<li${i > 0 && html` class="next"`}>${show(name)}</li>`)}</ol>`,
    ],
    ['Behind it', view.actors.length > 0 && behind(view.actors)],
  ])}${claim(show(view.task.purpose), view.sponsored ? 'the sponsor' : 'the agent', view.insider && !(view.issuance?.about === 'task' && view.standing.state !== 'used') && html`<a href="/tasks/${view.task.id}">Open the task</a>`)}`
}

function what(view: ApprovalView): Html {
  const { call, issuance, lifetimeMs, titleOf } = view
  const said = issuance ? issuanceInWords(issuance, titleOf, lifetimeMs) : call.rows
  return html`${said}
<details${(call.deceives || call.tooLong) && html` open`}><summary>${wordsOf(view).whole}</summary>
<div class="stack">${call.whole}<p class="small soft">Nothing is left out. ${wordsOf(view).exactly}</p></div></details>`
}

function why(view: ApprovalView): Html {
  const prompts =
    view.prompts.length > 0 ? view.prompts : ['A policy asks for a person’s approval.']
  const approvers = view.approvers.map((name, i) => html`${i > 0 && ', and '}${show(name)}`)
  const people = view.quorum > 1 && html` <span class="soft">(${view.quorum} people)</span>`
  return html`<ul class="sentences">${prompts.map((prompt) => html`<li class="one"><div>${show(prompt)}</div></li>`)}</ul>${facts(
    [
      [
        'Action',
        html`<code>${view.action}</code> <span class="soft">at ${show(view.resource)}</span>`,
      ],
      ['Rule', html`${view.rules.map((rule, i) => html`${i > 0 && ', '}<code>${rule}</code>`)}`],
      ['Who may answer', html`${approvers}${people}`],
      [
        'Still needed',
        view.missing.length > 0 &&
          html`${view.missing.map((name, i) => html`${i > 0 && ', and '}${show(name)}`)}`,
      ],
    ],
  )}${answersSoFar(view)}${toldList(view.told)}`
}

function answersSoFar(view: ApprovalView): Html | false {
  if (view.answers.length === 0) return false
  const items = view.answers.map(
    ({ name, answer, reason, at, more }) =>
      html`<li><div>${answer === 'approve' ? badge('Approved', 'good') : badge('Denied', 'bad')} by ${show(name)} <span class="soft">${when(at, view.now)}</span>${more !== undefined && html`<p>For more than this once: ${marked(more)}</p>`}${reason !== null && html`<p>${show(reason)}</p>`}</div></li>`,
  )
  return html`<ul class="list">${items}</ul>`
}

/** With a form around all that is read, so that its answers can stay in reach while it scrolls. */
function answerable(view: ApprovalView, read: Html): Html {
  const { first, may, standing } = view
  if ('why' in may)
    return html`${read}
${standing.state === 'pending' && notice('calm', 'You cannot answer this', html`<p>${asSentence(may.why)}</p>`)}`
  const mayApprove = may.answers.includes('approve')
  const approve = mayApprove && !first
  // No single-line field: in one, Enter would press the first button.
  return html`<form class="answering" method="post" action="/approvals/${view.id}">${csrfField(view.viewer)}<input type="hidden" name="shown" value="${view.shown}">
${read}
<section class="card" aria-labelledby="answer"><h2 id="answer">Your answer</h2>
${grants(view, mayApprove)}${mayApprove && first && signInFirstNotice(first)}
<div class="field"><label for="reason">Reason <span class="hint">optional; ${wordsOf(view).told}</span></label>
<textarea id="reason" name="reason" maxlength="500" rows="2" autocomplete="off"></textarea></div></section>
<div class="answer" role="group" aria-labelledby="answer"><div class="actions">${approve && html`<button class="primary" name="answer" value="approve">Approve once</button>`}<button class="danger" name="answer" value="deny">${mayApprove ? 'Deny' : 'Take it back'}</button></div>
${mayApprove && html`<p class="soft small">No answer by ${clockTime(view.expiresAt, view.now)} means no.</p>`}</div>
</form>${approve && moreThanOnce(view)}`
}

function grants(view: ApprovalView, mayApprove: boolean): Html {
  if (!mayApprove) return html`<p>You can still take the approval back while it is unused.</p>`
  const until = clockTime(Math.min(view.now + view.lifetimeMs, view.deadline), view.now)
  return html`<p><strong>Approve once</strong> lets exactly this ${wordsOf(view).lets} until ${until}${wordsOf(view).and}. Anything changed asks again. ${duration(view.expiresAt - view.now)} left to answer.</p>`
}

function moreThanOnce(view: ApprovalView): Html {
  const { agent, more } = view
  const { onlyOnce } = wordsOf(view)
  if (onlyOnce !== undefined) return html`<p class="soft">${onlyOnce}</p>`
  if ('why' in more) return html`<p class="soft">Only once: ${more.why}.</p>`
  return allowanceForm(more, { ...view, agent: agent.name })
}
