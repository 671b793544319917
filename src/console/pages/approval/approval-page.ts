import type { Risk } from '@remit/engine'
import type { Consequence } from '../../../approvals/approvals/index.ts'
import type { EditedArgument } from '../../../approvals/call-edits/index.ts'
import type { ForeignActor } from '../../../identity/tokens/index.ts'
import type { StoredDecision } from '../../../tasks/decision-log/index.ts'
import type { UnusualFacts } from '../../../tasks/risk/index.ts'
import { type AllowanceForm, allowanceForm } from '../allowance/allowance-form.ts'
import { type AllowanceItem, allowanceList } from '../allowance/allowance-list.ts'
import type { TitleOf } from '../frame/authority.ts'
import { csrfField, documentOf, zoneOf } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { type AnsweringView, inPlaceOf } from '../frame/in-place-of.ts'
import { behind } from '../frame/name-provenance.ts'
import { badge, claim, facts, notice, type Tone } from '../frame/pieces.ts'
import { asSentence, MAX_HEADING, marked, show } from '../frame/show.ts'
import { clockTime, duration, when } from '../frame/time.ts'
import { type NotifiedPerson, notifiedList } from '../notification/notified-people.ts'
import {
  type SigningNeed,
  signing,
  signingAttributes,
  signsButton,
} from '../passkey/passkey-form.ts'
import { type RequiredSignIn, signInFirstNotice } from '../sign-in/required-sign-in.ts'
import { type BreakGlassOffer, breakGlassOffer } from './break-glass-offer.ts'
import { type EditForm, editedFacts, editForm } from './edit-form.ts'
import { type FrozenIssuance, issuanceInWords, WORDS } from './issuance-words.ts'
import { type OfferedPreview, previewButton, previewSection } from './preview-section.ts'
import type { ShownCall } from './shown-call.ts'

/** Values that the page shows. `sentence` has been through `visible`; everything else has not. */
export interface ApprovalView extends AnsweringView, UnusualFacts {
  readonly id: string
  readonly sentence: string
  readonly risk: Risk
  readonly action: string
  /** Request for a task that is to open, or for a token; `undefined`: it is about a call. */
  readonly issuance: FrozenIssuance | undefined
  readonly titleOf: TitleOf
  /** True when no person is present: `person` is the sponsor. */
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
  /** Number of calls like this one that people approved in 30 days, where a rule could be suggested. */
  readonly habitual: number | undefined
  /** Preview that the viewer can look at before an answer. */
  readonly preview: OfferedPreview | undefined
  /** The body cannot be shown: it is not JSON. */
  readonly uninspectable: boolean
  /** Texts for people from the policies that ask. `rules` are the ids of these policies. */
  readonly prompts: readonly string[]
  readonly rules: readonly string[]
  /** Approvers in words; all of them have to be met. */
  readonly approvers: readonly string[]
  /** People who are asked later, and from when. */
  readonly later: readonly { readonly name: string; readonly at: number }[]
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
    /** Person in whose place it was given. */
    readonly absent: string | undefined
    readonly answer: 'approve' | 'deny'
    readonly reason: string | null
    readonly consequence: Consequence | null
    readonly answeredAt: number
    /** The allowance that was chosen, in words. */
    readonly more: string | undefined
  }[]
  readonly told: readonly NotifiedPerson[]
  /** People who answer for others, in words. */
  readonly standIns: readonly string[]
  readonly standing: RequestStatus
  /** Answers that the viewer may give, or why there are none. */
  readonly may: { readonly answers: readonly ('approve' | 'deny')[] } | { readonly why: string }
  /** Sign-in that is needed before an approval. */
  readonly first?: RequiredSignIn | undefined
  /** Number of requests of the same task and action that the viewer may answer, this one included. */
  readonly together: number
  /** Arguments that the viewer may change. */
  readonly edit: EditForm
  /** The request that an approver made of this one, or made this one of, and the differences. */
  readonly edited: EditedView | undefined
  /** Form for a passkey that has to sign an approval. */
  readonly sign: SigningNeed
  /** Approving alone in an emergency; `undefined`: it is not offered to the viewer. */
  readonly alone?: BreakGlassOffer | undefined
  /** Set when one person approved it alone; `id`: where the viewer may read why. */
  readonly broken?: { readonly id: string | undefined; readonly who: string } | undefined
  /** Form for an answer beyond *once*, or why there is none. */
  readonly more: AllowanceForm | { readonly why: string }
  /** Digest of the displayed page; comes back with the answer. */
  readonly shown: string
  /** Mistake in the answer that was just given. */
  readonly mistake?: string | undefined
}

export interface EditedView {
  readonly id: string
  /** True when this is the call as it was asked. */
  readonly original: boolean
  readonly changes: readonly EditedArgument[]
}

/** Outcome of the call that an approval was used for. */
type ExecutedCall = Pick<StoredDecision, 'endedAt' | 'state' | 'status'>

export type RequestStatus =
  | { readonly state: 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' }
  /** Approved, and by now it lets nothing through: those who approved may no longer, or its time is over. */
  | { readonly state: 'lapsed' | 'unused' }
  /** Asked about again, as other rules ask by now or more people; `by`: the request that counts, where the viewer may see it. */
  | { readonly state: 'superseded'; readonly approved: boolean; readonly by: string | undefined }
  | { readonly state: 'used'; readonly decision: string; readonly ran: ExecutedCall | undefined }
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
<p class="eyebrow">${badge(risk, tone)} ${view.standing.state === 'pending' && html`<b>${duration(view.expiresAt - view.now)} left</b>`}<span class="asked">asked ${when(view.createdAt, view.now, zoneOf(view.viewer))}</span></p>
<h1 class="sentence">${marked(view.sentence, MAX_HEADING, view.call.words)}</h1>
</div>
${view.mistake !== undefined && notice('bad', 'Not answered', html`<p>${view.mistake}</p>`)}
${outcome(view)}${view.edited && editedNotice(view.edited)}${view.broken && notice('warn', 'Approved by one person alone', html`<p>${show(view.broken.who)} used break-glass.${view.broken.id !== undefined && html` <a href="/break-glass/${view.broken.id}">Why, and the review</a>`}</p>`)}
${answerable(view, parts(view))}${view.alone && breakGlassOffer(view.alone, view)}`
  return documentOf({
    ...{ title: 'Approval', body, viewer: view.viewer, current: 'approvals' },
    script: typeof view.sign === 'object' ? 'passkey' : undefined,
  })
}

/** Sections that have to be read before an answer. */
function parts(view: ApprovalView): Html {
  return html`${view.call.deceives && notice('warn', approvalWords(view).deceives, html`<p>Characters that cannot be seen are written out as <mark class="hidden">\\u…</mark>; letters that pass for others are <mark class="twin">marked</mark>.</p>`)}
${view.call.tooLong && notice('warn', 'This is too long to be shown on a page', html`<p>Below is how it begins. Approve only after you have read all of it: <a href="/approvals/${view.id}/call" download>download exactly what will be sent</a> (${view.call.bytes} bytes) and compare its digest, SHA-256 <code>${view.call.digest}</code>. It can be approved once, and no more than that.</p>`)}
${view.uninspectable && notice('warn', 'The body of this call cannot be shown', html`<p>It is not JSON. Approve only if you know from elsewhere what is in it.</p>`)}
<section class="card who" aria-labelledby="who"><h2 id="who">Who</h2>${who(view)}</section>
${view.preview && previewSection(view.preview, view.id)}
<section class="card" aria-labelledby="what"><h2 id="what">${approvalWords(view).heading}</h2>${what(view)}</section>
<section class="card" aria-labelledby="why"><h2 id="why">Why you are asked</h2>${why(view)}</section>`
}

function editedNotice({ changes, id, original }: EditedView): Html {
  const title = original ? 'Approved with changes' : 'An approver changed this call'
  const link = html`<a href="/approvals/${id}">${original ? 'The call as it was changed' : 'The call as it was asked'}</a>`
  return notice('calm', title, html`${editedFacts(changes)}<p>${link}</p>`)
}

function approvalWords({ issuance }: Pick<ApprovalView, 'issuance'>) {
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
        html`<p>Good for ${approvalWords(view).goodFor} until ${clockTime(view.usableUntil ?? now, now, zoneOf(view.viewer))}.</p><p>It is decided again when the agent uses it. If the risk has risen or a rule has changed by then, people are asked again.</p>`,
      )
    case 'lapsed':
      return notice(
        'warn',
        'Approved, and not enough any more',
        html`<p>Someone who approved it may no longer approve it. It lets nothing through; when the agent tries again, people are asked again.</p>`,
      )
    case 'unused':
      return notice(
        'calm',
        'Approved, and not used in time',
        html`<p>The approval ended. ${approvalWords(view).not}</p>`,
      )
    case 'superseded':
      return notice(
        standing.approved ? 'warn' : 'calm',
        standing.approved ? 'Approved, and not enough any more' : 'Asked again',
        html`<p>Since people were asked, the risk, a rule or who may answer has changed, and the agent tried again: people were asked again. Answers to this request let nothing through.${standing.by !== undefined && html` <a href="/approvals/${standing.by}">The request that counts now</a>`}</p>`,
      )
    case 'used':
      return notice(
        'good',
        approvalWords(view).used,
        html`${!view.issuance && standing.ran && html`<p>${ranInWords(standing.ran, view)}</p>`}<p>The approval is used up. ${view.insider && (view.issuance ? html`<a href="/tasks/${view.task.id}">See the task</a>` : html`<a href="/decisions/${standing.decision}">See what happened</a>`)}</p>`,
      )
    case 'allowance':
      return standing.allowance
        ? html`${notice('good', 'Approved for more than once', html`<p>Calls like this one go through without asking.</p>`)}${allowanceList([standing.allowance], view)}`
        : notice('calm', 'The allowance is over', html`<p>Calls like this one ask again.</p>`)
    case 'denied':
      return notice('bad', 'Denied', html`<p>${approvalWords(view).not}</p>`)
    case 'expired':
      return notice(
        'calm',
        'Expired',
        html`<p>No one answered in time, so it was denied. ${approvalWords(view).not}</p>`,
      )
    case 'cancelled':
      return notice(
        'calm',
        'No longer needed',
        html`<p>The task ended or asked for something else. ${approvalWords(view).not}</p>`,
      )
  }
}

function ranInWords({ endedAt, state, status }: ExecutedCall, view: ApprovalView): Html {
  const ended =
    endedAt === null
      ? ''
      : html` <span class="soft">${when(endedAt, view.now, zoneOf(view.viewer))}</span>`
  switch (state) {
    case 'answered':
      return html`The API answered ${status === null ? '' : html`<strong>${String(status)}</strong>`}${ended}.`
    case 'sending':
      return html`It is on its way; the API has not answered yet.`
    case 'not_sent':
      return html`It was not sent${ended}.`
    case 'failed':
      return html`It was sent, and no whole answer came${ended}. Whether the API carried it out is not known.`
    default:
      return html`Whether it was sent is not known.`
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
  const { call, id, issuance, lifetimeMs, preview, titleOf } = view
  const said = issuance ? issuanceInWords(issuance, titleOf, lifetimeMs) : call.rows
  return html`${said}${preview && !preview.answer && previewButton(preview, id)}
<details${(call.deceives || call.tooLong) && html` open`}><summary>${approvalWords(view).whole}</summary>
<div class="stack">${call.whole}<p class="small soft">Nothing is left out. ${approvalWords(view).exactly}</p></div></details>`
}

function why(view: ApprovalView): Html {
  const prompts =
    view.prompts.length > 0 ? view.prompts : ['A policy asks for a person’s approval.']
  const approvers = view.approvers.map((name, i) => html`${i > 0 && ', and '}${show(name)}`)
  const people = view.quorum > 1 && html` <span class="soft">(${view.quorum} people)</span>`
  return html`<ul class="sentences">${prompts.map((prompt) => html`<li class="one"><div>${show(prompt)}</div></li>`)}</ul>${view.unusual.length > 0 && html`<p class="small"><b>Unusual:</b> ${view.unusual.map((each, i) => html`${i > 0 && '; '}${each}`)}.</p>`}${answersSoFar(view)}${facts(
    [
      ['Size', view.sizeRatio !== undefined && `${view.sizeRatio} times what is usual in 30 days`],
      [
        'Still needed',
        view.missing.length > 0 &&
          html`${view.missing.map((name, i) => html`${i > 0 && ', and '}${show(name)}`)}`,
      ],
    ],
  )}<details><summary>The rule, and who may answer</summary>${facts([
    [
      'Action',
      html`<code>${view.action}</code> <span class="soft">at ${show(view.resource)}</span>`,
    ],
    ['Rule', html`${view.rules.map((rule, i) => html`${i > 0 && ', '}<code>${rule}</code>`)}`],
    ['Who may answer', html`${approvers}${people}`],
    [
      'Stand-ins',
      view.standIns.length > 0 &&
        html`${view.standIns.map((words, i) => html`${i > 0 && '; '}${show(words)}`)}`,
    ],
    [
      'And later',
      view.later.length > 0 &&
        html`${view.later.map(({ at, name }, i) => html`${i > 0 && ', '}${show(name)} from ${clockTime(at, view.now, zoneOf(view.viewer))}`)}`,
    ],
  ])}</details>${notifiedList(view.told)}`
}

function answersSoFar(view: ApprovalView): Html | false {
  if (view.answers.length === 0) return false
  const items = view.answers.map(
    ({ absent, name, answer, answeredAt, consequence, reason, more }) =>
      html`<li><div>${answer === 'approve' ? badge('Approved', 'good') : badge('Denied', 'bad')} by ${show(name)}${absent !== undefined && html`, for ${show(absent)}`} <span class="soft">${when(answeredAt, view.now, zoneOf(view.viewer))}</span>${consequence !== null && html`<p>${CONSEQUENCES[consequence]}</p>`}${more !== undefined && html`<p>For more than this once: ${marked(more)}</p>`}${reason !== null && html`<p>${show(reason)}</p>`}</div></li>`,
  )
  const approved = view.answers.filter(({ answer }) => answer === 'approve').length
  return html`${view.quorum > 1 && html`<p>${approved} of ${view.quorum} approved so far.</p>`}<ul class="list">${items}</ul>`
}

const CONSEQUENCES: Readonly<Record<Consequence, string>> = {
  edit: 'Approved with changes instead.',
  end_task: 'With it, the task was ended.',
  report: 'Reported as suspicious: the agent was suspended.',
}

/** Reasons that need no typing. */
const REASONS = [
  'This is not needed',
  'The amount is wrong',
  'The recipient is wrong',
  'Ask the person you work for first',
  'Find another way',
] as const

/** With a form around all that is read, so that its answers can stay in reach while it scrolls. */
function answerable(view: ApprovalView, read: Html): Html {
  const { first, id, may, sign, standing } = view
  if ('why' in may)
    return html`${read}
${standing.state === 'pending' && notice('calm', 'You cannot answer this', html`<p>${asSentence(may.why)}${view.alone && ' In an emergency you may approve it alone: see below.'}</p>`)}`
  const mayApprove = may.answers.includes('approve')
  const mayHere = mayApprove && !first
  const approve = mayHere && sign !== 'enrol'
  // No single-line field: in one, Enter would press the first button.
  return html`<form class="answering" method="post" action="/approvals/${id}"${approve && signingAttributes(sign)}>${csrfField(view.viewer)}<input type="hidden" name="shown" value="${view.shown}"><input type="hidden" name="shown_at" value="${String(view.now)}">
${read}
<section class="card" aria-labelledby="answer"><h2 id="answer">Your answer</h2>
${view.together > 1 && html`<p><a href="/approvals/${id}/together">${String(view.together)} requests that belong together wait: answer them together</a></p>`}${grants(view, mayApprove)}${view.habitual !== undefined && html`<p class="soft">People approved ${view.habitual} calls like this one in 30 days. An administrator can make a rule of that: <code>remit approvals suggestions</code></p>`}${mayApprove && first && signInFirstNotice(first)}${mayHere && signing(sign, `/approvals/${id}`)}
<div class="field"><label for="canned">Reason <span class="hint">for a no</span></label><select id="canned" name="canned"><option value="">None of these</option>${REASONS.map((each) => html`<option>${each}</option>`)}</select></div>
<div class="field"><label for="reason">In your own words <span class="hint">optional; ${approvalWords(view).told}</span></label>
<textarea id="reason" name="reason" maxlength="500" rows="2" autocomplete="off"></textarea></div>${denyAndMore(view)}</section>
<div class="answer" role="group" aria-labelledby="answer"><div class="actions">${approve && html`<button class="primary" name="answer" value="approve"${signsButton(sign)}>${sign ? 'Sign and approve once' : 'Approve once'}</button>`}<button class="danger" name="answer" value="deny">${mayApprove ? 'Deny' : 'Take it back'}</button></div>
${inPlaceOf(view)}${mayApprove && html`<p class="soft small">No answer by ${clockTime(view.expiresAt, view.now, zoneOf(view.viewer))} means no.</p>`}</div>
</form>${approve && view.edit.editable.length > 0 && editForm(view.edit, view)}${approve && moreThanOnce(view)}`
}

function denyAndMore({ agent, issuance }: ApprovalView): Html {
  return html`<details><summary>Deny, and more</summary><div class="stack"><p class="soft">A report suspends ${show(agent.name)} at once, and tells its owner and the administrators.</p>
<div class="actions">${issuance?.about !== 'task' && html`<button class="danger" name="answer" value="end_task">End the task with it</button>`}<button class="danger" name="answer" value="report">Report as suspicious</button></div></div></details>`
}

function grants(view: ApprovalView, mayApprove: boolean): Html {
  if (!mayApprove) return html`<p>You can still take the approval back while it is unused.</p>`
  const until = clockTime(
    Math.min(view.now + view.lifetimeMs, view.deadline),
    view.now,
    zoneOf(view.viewer),
  )
  return html`<p><strong>Approve once</strong> lets exactly this ${approvalWords(view).lets} until ${until}${approvalWords(view).and}. Anything changed asks again. <strong>Deny</strong> lets nothing through, and the same call asks no one for ten minutes.</p>`
}

function moreThanOnce(view: ApprovalView): Html {
  const { agent, more } = view
  const { onlyOnce } = approvalWords(view)
  if (onlyOnce !== undefined) return html`<p class="soft">${onlyOnce}</p>`
  if ('why' in more) return html`<p class="soft">Only once: ${more.why}.</p>`
  return allowanceForm(more, { ...view, agent: agent.name })
}
