import { choiceText } from '../../../approvals/approvals/allowance/index.ts'
import type { Choice } from '../../../approvals/approvals/index.ts'
import { csrfField, documentOf } from '../frame/document.ts'
import { html } from '../frame/html.ts'
import { type AnsweringView, inPlaceOf } from '../frame/in-place-of.ts'
import { facts, notice } from '../frame/pieces.ts'
import { MAX_HEADING, marked, show } from '../frame/show.ts'
import {
  type SigningNeed,
  signing,
  signingAttributes,
  signsButton,
} from '../passkey/passkey-form.ts'
import {
  type AllowanceScope,
  endInWords,
  patternList,
  placeInWords,
  usesInWords,
} from './allowance-words.ts'

export interface AllowancePreview extends Omit<AllowanceScope, 'viewer'>, AnsweringView {
  readonly id: string
  /** Sentence of the call that asks; has been through `visible`. */
  readonly sentence: string
  readonly action: string
  readonly resource: string
  readonly choice: Choice
  /** Digest of the displayed page, with the choice. */
  readonly shown: string
  readonly sign: SigningNeed
}

/** Shows in words what would be granted. Only the button on this page grants it. */
export function allowancePage(view: AllowancePreview): string {
  const { choice, id, sign } = view
  const open = choice.uses === null && choice.pattern.every(({ how }) => how === 'any')
  const body = html`<div class="head"><p class="eyebrow"><span>Answer more than this once</span></p>
<h1>Let ${show(view.agent)} do this ${usesInWords(choice.uses)}?</h1>
<p class="lead">No one is asked about these calls any more. You were asked about: ${marked(view.sentence, MAX_HEADING)}</p></div>
${open && notice('warn', 'This lets every call of the action through', html`<p>Nothing about its arguments is looked at, however often it is called.</p>`)}
<section class="card" aria-labelledby="calls"><h2 id="calls">Calls like this</h2>
${facts([['Action', html`<code>${view.action}</code> <span class="soft">at ${show(view.resource)}</span>`]])}
${patternList(choice.pattern)}
<p class="soft small">Any other argument asks again. So does this call once the action, or the rule that asks, has changed.</p></section>
<section class="card" aria-labelledby="grant"><h2 id="grant">What you grant</h2>
${facts([
  [
    'How often',
    html`${asStart(usesInWords(choice.uses))}${choice.uses !== null && html`, this call included`}`,
  ],
  ['Where', placeInWords(choice, view)],
  ['How long', asStart(endInWords(choice, view))],
  [
    'Who can end it',
    html`You, ${show(view.person)}, or an administrator, at any time under <a href="/approvals">Approvals</a>`,
  ],
])}
<form method="post" action="/approvals/${id}"${signingAttributes(sign)}>${csrfField(view.viewer)}<input type="hidden" name="shown" value="${view.shown}"><input type="hidden" name="allowance" value="${choiceText(choice)}">
<div class="field"><label for="reason">Reason <span class="hint">optional</span></label>
<textarea id="reason" name="reason" maxlength="500" rows="2" autocomplete="off"></textarea></div>
${inPlaceOf(view)}${signing(sign, `/approvals/${id}`)}<div class="actions">${sign !== 'enrol' && html`<button class="primary" name="answer" value="approve"${signsButton(sign)}>${sign ? 'Sign and approve' : 'Approve'} ${usesInWords(choice.uses)}</button>`}<a class="button" href="/approvals/${view.id}">Back</a></div>
</form></section>`
  return documentOf({
    title: 'Answer more than once',
    body,
    viewer: view.viewer,
    current: 'approvals',
    script: typeof sign === 'object' ? 'passkey' : undefined,
  })
}

function asStart(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
