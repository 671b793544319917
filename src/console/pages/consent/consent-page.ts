import type { Detail } from '@remit/engine'
import type { ForeignActor } from '../../../identity/tokens/index.ts'
import type { Fields } from '../../../platform/http/index.ts'
import {
  type ActionFacts,
  type ConsentRequest,
  consentChoices,
} from '../../../tasks/consent/index.ts'
import { detailInWords, detailsInWords, type TitleOf } from '../frame/authority.ts'
import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import {
  behind,
  type NameProvenance,
  provenanceBadge,
  provenanceFacts,
} from '../frame/name-provenance.ts'
import { claim, facts, notice } from '../frame/pieces.ts'
import { asSentence, show } from '../frame/show.ts'
import { duration, when } from '../frame/time.ts'
import { type RequiredSignIn, signInFirstNotice } from '../sign-in/required-sign-in.ts'
import { answerBar, choicesInGroups, NOT_BY_ENTER } from './choices.ts'
import { CONSENT_LIFETIMES, USUAL_CONSENT_LIFETIME } from './lifetimes.ts'

export interface ConsentView {
  readonly now: number
  readonly viewer: Viewer
  readonly id: string
  readonly agent: {
    readonly id: string
    readonly name: string
    readonly description: string
    readonly owner: string
    readonly trust: readonly [string, string]
    readonly vouched: NameProvenance
  }
  readonly purpose: string
  /** The agent asks by itself, about one task. */
  readonly asked: ConsentRequest['asked']
  readonly details: readonly Detail[]
  /** Agents that acted elsewhere before the agent did. */
  readonly actors: readonly ForeignActor[]
  readonly titleOf: TitleOf
  readonly known: ActionFacts
  readonly state: 'pending' | 'granted' | 'denied' | 'expired'
  /** Details that were granted in the end, and until when. */
  readonly granted?:
    | { readonly details: readonly Detail[]; readonly expiresAt: number | null }
    | undefined
  readonly expiresAt: number
  readonly mistake?: string | undefined
  /**
   * Fields as they were sent with the mistake: shown again, so that nothing that was taken out
   * comes back.
   */
  readonly sent?: Fields | undefined
  /** Sign-in that is needed before a yes. */
  readonly first?: RequiredSignIn | undefined
}

/** A person lets an agent act for them, within what they leave of what it asks. */
export function consentPage(view: ConsentView): string {
  const { agent } = view
  const body = html`
<div class="head"><p class="eyebrow">${view.state === 'pending' ? 'An agent asks to act for you' : 'An agent asked to act for you'}</p>
<h1>${heading(view)}</h1></div>
${view.state === 'pending' && view.asked !== null && beware(view.asked.by)}
${outcome(view)}
<section class="card" aria-labelledby="who"><h2 id="who">Who asks</h2>
${facts([
  [
    'Agent',
    html`${show(agent.name)}${agent.name !== agent.id && html` <code class="soft">${agent.id}</code>`} ${provenanceBadge(agent.vouched)}`,
  ],
  ...provenanceFacts(agent.vouched),
  ['Behind it', view.actors.length > 0 && behind(view.actors)],
  [
    'Started from',
    view.asked?.from !== null &&
      view.asked?.from !== undefined &&
      html`${show(view.asked.from)}<span class="soft">, as the network says</span>`,
  ],
])}${claim(purposeWords(view), 'the agent')}
<details><summary>More about ${show(agent.name)}</summary>${facts([
    ['Description', agent.description !== '' && show(agent.description)],
    ['Owner', show(agent.owner)],
    ['Trust', html`${agent.trust[0]}, <span class="soft">${agent.trust[1]}</span>`],
  ])}</details></section>
${view.state === 'pending' && form(view)}`
  return documentOf({ title: `Let ${agent.name} act for you?`, body, viewer: view.viewer })
}

/** Purpose and message, which may be the same. */
function purposeWords({ asked, purpose }: ConsentView): Html {
  const message = asked?.message ?? purpose
  return message === purpose ? show(purpose) : html`${show(purpose)}<br>${show(message)}`
}

/** Warns: only the person knows whether they started it. */
function beware(by: 'ciba' | 'device'): Html {
  return by === 'ciba'
    ? notice(
        'warn',
        'The agent asks you by itself',
        html`<p>Nothing shows that you are working with it right now. If you did not expect this, say no.</p>`,
      )
    : notice(
        'warn',
        'Only if you started this yourself',
        html`<p>Did someone send you the code, or tell you to type it in? Then say no: it would be their device that acts for you.</p>`,
      )
}

function heading({ state, agent }: ConsentView): Html {
  const name =
    agent.name.length > 24
      ? show(agent.name)
      : html`<span class="nowrap">${show(agent.name)}</span>`
  if (state === 'granted') return html`${name} may act for you`
  if (state === 'denied') return html`${name} may not act for you`
  return html`Let ${name} act for you?`
}

function outcome(view: ConsentView): Html | false {
  const { state, granted, now } = view
  if (state === 'granted') {
    const until = granted?.expiresAt
    return html`${notice('good', 'You allowed this', html`<p>The agent goes on by itself; you can close this page. You can end it at any time under <a href="/tasks">Tasks</a>.</p>`)}
${granted && html`<section class="card"><h2>What you allowed</h2>${detailsInWords(granted.details, view.titleOf)}<p class="soft">${until ? html`Ends ${when(until, now)}` : 'Until you end it'}</p></section>`}`
  }
  if (state === 'denied') {
    return notice(
      'calm',
      'You said no',
      html`<p>The agent cannot act for you on this, and cannot ask the same again for a while.</p>`,
    )
  }
  if (state === 'expired') {
    return notice(
      'calm',
      'This question is over',
      html`<p>No one answered in time, so the answer is no. The agent can ask again.</p>`,
    )
  }
  return false
}

function form(view: ConsentView): Html {
  const choices = consentChoices(view.details, view.known)
  const chosen = view.sent?.get('lifetime') ?? USUAL_CONSENT_LIFETIME
  const options = CONSENT_LIFETIMES.map(
    ({ value, label }) =>
      html`<option value="${value}"${value === chosen && html` selected`}>${label}</option>`,
  )
  const calls = choices.some(({ detail }) => detail.type === 'remit_call')
  return html`<form class="answering" method="post" action="/consent/${view.id}">${csrfField(view.viewer)}${NOT_BY_ENTER}
<section class="card" aria-labelledby="what"><h2 id="what">${calls ? 'What it wants to do for you' : 'It wants to do nothing itself'}</h2>
${view.mistake !== undefined && notice('bad', 'Nothing was granted', html`<p>${asSentence(view.mistake)}</p>`)}
${view.first && signInFirstNotice(view.first)}
<p class="soft small">You can only make this smaller. While it lasts, the agent can begin tasks within it without asking you again. Policies still decide every call, and risky ones still ask a person.</p>
${choicesInGroups({ choices, inWords: (detail) => detailInWords(detail, view.titleOf), sent: view.sent })}</section>
${answerBar({
  choices,
  yes: !view.first,
  lifetime: { name: 'lifetime', options: html`${options}` },
  soft: `Expires in ${duration(view.expiresAt - view.now)}; no answer counts as no.`,
})}</form>`
}
