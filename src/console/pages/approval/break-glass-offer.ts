import { csrfField, documentOf, NO_SETTINGS, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { facts, notice } from '../frame/pieces.ts'
import { asSentence, MAX_HEADING, marked, show } from '../frame/show.ts'
import { clockTime } from '../frame/time.ts'
import {
  type SigningNeed,
  signing,
  signingAttributes,
  signsButton,
} from '../passkey/passkey-form.ts'
import { calledOut, type ShownCall } from './shown-call.ts'

/** Approving alone, as the page of a request offers it; `why`: not now, and the reason. */
export type BreakGlassOffer =
  | { readonly reason: string; readonly mistake?: string | undefined }
  | { readonly why: string }

/** *Approve alone*: closed until it is opened, and its button grants nothing yet. */
export function breakGlassOffer(
  offer: BreakGlassOffer,
  { id, viewer }: { readonly id: string; readonly viewer: Viewer },
): Html {
  const mistake = 'why' in offer ? undefined : offer.mistake
  return html`<section class="card" aria-labelledby="alone"><details${mistake !== undefined && html` open`}><summary id="alone">In an emergency: use break-glass</summary>
<div class="stack">${mistake !== undefined && notice('bad', 'Nothing was approved', html`<p>${asSentence(mistake)}</p>`)}
<p>You may approve this call alone. Administrators and the owner of the agent are told at once, and an administrator has to review it.</p>
${
  'why' in offer
    ? notice('warn', 'Not now', html`<p>${asSentence(offer.why)}</p>`)
    : html`<form method="post" action="/approvals/${id}/break-glass">${csrfField(viewer)}
<div class="field"><label for="emergency">Why it cannot wait <span class="hint">everybody who is told reads it</span></label>
<textarea id="emergency" name="emergency" required minlength="10" maxlength="500" rows="2" autocomplete="off">${offer.reason}</textarea></div>
<div class="actions"><button>Look at it first</button></div></form>`
}</div></details></section>`
}

export interface BreakGlassPreview {
  readonly now: number
  readonly viewer: Viewer
  readonly id: string
  /** Sentence of the call; has been through `visible`. */
  readonly sentence: string
  readonly call: ShownCall
  readonly reason: string
  readonly endsAt: number
  readonly reviewDueAt: number
  /** Digest of the displayed page, with the terms. */
  readonly shown: string
  readonly sign: SigningNeed
}

/** Shows what would be approved alone, and what follows. Only the button on this page approves it. */
export function breakGlassPreview(view: BreakGlassPreview): string {
  const { call, endsAt, id, now, reason, reviewDueAt, sign, viewer } = view
  const { zone } = viewer.settings ?? NO_SETTINGS
  const body = html`<div class="head"><p class="eyebrow"><span>Break-glass</span></p>
<h1 class="sentence">${marked(view.sentence, MAX_HEADING, call.words)}</h1></div>
${notice('warn', 'You approve this alone, in place of everybody the rules ask')}
<section class="card" aria-labelledby="what"><h2 id="what">Exactly what is sent</h2>${calledOut(call, id)}</section>
<form method="post" action="/approvals/${id}"${signingAttributes(sign)}>${csrfField(viewer)}<input type="hidden" name="shown" value="${view.shown}"><input type="hidden" name="shown_at" value="${String(now)}"><input type="hidden" name="emergency" value="${reason}">
<section class="card" aria-labelledby="terms"><h2 id="terms">What follows</h2>${facts([
    ['Your reason', show(reason)],
    ['How often', 'Once, exactly this call'],
    ['Until', clockTime(endsAt, now, zone)],
    ['Told at once', 'Administrators, the owner of the agent, and whom the agent works for'],
    [
      'Review',
      html`By another administrator, until ${clockTime(reviewDueAt, now, zone)}. If it is missed, you approve nothing alone until it is done.`,
    ],
    ['What stays', 'All other rules and limits, and what the person it works for may do'],
  ])}
${signing(sign, `/approvals/${id}`)}<div class="actions">${sign !== 'enrol' && html`<button class="danger" name="answer" value="break_glass"${signsButton(sign)}>${sign ? 'Sign, and approve alone' : 'Approve alone'}</button>`}<a class="button" href="/approvals/${id}">Back</a></div></section></form>`
  return documentOf({
    ...{ title: 'Break-glass', body, viewer, current: 'approvals' },
    script: typeof sign === 'object' ? 'passkey' : undefined,
  })
}
