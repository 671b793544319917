import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { html } from '../frame/html.ts'
import { facts, notice } from '../frame/pieces.ts'
import { isDeceptive, show, showLayout } from '../frame/show.ts'
import { showJson } from '../frame/show-json.ts'
import { clockTime, duration, when } from '../frame/time.ts'
import { type SignInFirst, signInFirstNotice } from '../sign-in/again.ts'

export interface ConfirmView {
  readonly now: number
  readonly viewer: Viewer
  readonly id: string
  /** Name of the management operation, `agents.register`. */
  readonly operation: string
  /** Canonical JSON of its whole input. */
  readonly payload: string
  /** Texts in it that are read better as lines, such as policies. */
  readonly texts: readonly { readonly name: string; readonly text: string }[]
  readonly state: 'pending' | 'confirmed' | 'refused' | 'used'
  readonly createdAt: number
  readonly expiresAt: number
  /** What has to come before a yes. */
  readonly first: SignInFirst | undefined
}

function outcome({ state }: ConfirmView) {
  switch (state) {
    case 'confirmed':
      return notice(
        'good',
        'Confirmed',
        html`<p>The command goes on by itself. You can close this page.</p>`,
      )
    case 'used':
      return notice('good', 'Done', html`<p>This was confirmed and has been carried out.</p>`)
    case 'refused':
      return notice('calm', 'Refused', html`<p>Nothing was changed.</p>`)
    default:
      return undefined
  }
}

/** What was asked for on the command line, exactly, and a yes or no to it. */
export function confirmPage(view: ConfirmView): string {
  const { now } = view
  const texts = view.texts.map(
    ({ name, text }) =>
      html`<div class="stack"><h3>${show(name)}</h3><pre class="json" tabindex="0"><code>${showLayout(text)}</code></pre></div>`,
  )
  const body = html`
<div class="head"><p class="eyebrow">Asked from the command line ${when(view.createdAt, now)}</p><h1>Confirm <code>${view.operation}</code></h1></div>
${outcome(view)}
${isDeceptive(view.payload) && notice('warn', 'This input contains characters that deceive the eye', html`<p>They are marked below.</p>`)}
<section class="card" aria-labelledby="what"><h2 id="what">Exactly this is done</h2>
${facts([
  ['Operation', html`<code>${view.operation}</code>`],
  ['As', show(view.viewer.name)],
])}${texts}
<details${texts.length === 0 && html` open`}><summary>The whole input, byte for byte</summary>${showJson(view.payload)}</details></section>
${
  view.state === 'pending' &&
  html`<section class="card" aria-labelledby="answer"><h2 id="answer">Your answer</h2>
<p>This widens what someone or something may do, so it needs your word in the browser. It counts once, for exactly this input.</p>
<p class="soft">${duration(view.expiresAt - now)} left. No answer by ${clockTime(view.expiresAt, now)} means no.</p>
${view.first && signInFirstNotice(view.first)}
<form method="post" action="/confirm/${view.id}">${csrfField(view.viewer)}<div class="actions">${!view.first && html`<button class="primary" name="answer" value="confirmed">Confirm</button>`}<button class="danger" name="answer" value="refused">Refuse</button></div></form></section>`
}`
  return documentOf({ title: 'Confirm', body, viewer: view.viewer })
}
