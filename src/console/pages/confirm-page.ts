import type { SignatureForm } from '../../identity/passkeys/index.ts'
import type { ChangeSummary, MeantChange } from '../../identity/sessions/index.ts'
import { MAX_SHOWN } from '../../platform/lib/text/visible.ts'
import { csrfField, documentOf, type Viewer, zoneOf } from './frame/document.ts'
import { type Html, html } from './frame/html.ts'
import { facts, notice } from './frame/pieces.ts'
import { show, showLayout } from './frame/show.ts'
import { showJson } from './frame/show-json.ts'
import { clockTime, duration, when } from './frame/time.ts'
import { signing, signingAttributes, signsButton } from './passkey/passkey-form.ts'
import { type RequiredSignIn, signInFirstNotice } from './sign-in/required-sign-in.ts'

export interface ConfirmView {
  readonly now: number
  readonly viewer: Viewer
  readonly id: string
  /** Name of the management operation, `agents.register`. */
  readonly operation: string
  /** Canonical JSON of its whole input. */
  readonly payload: string
  /** SHA-256 of the payload, base64url: what the file that can be downloaded has. */
  readonly digest: string
  readonly meaning?: ChangeSummary
  /** Texts in it that are read better as lines, such as policies; of long ones only how long they are. */
  readonly texts: readonly {
    readonly name: string
    readonly text: string
    readonly lines: number
  }[]
  /** It holds characters that pass for others, or cannot be seen. */
  readonly deceptive: boolean
  readonly state: 'pending' | 'confirmed' | 'refused' | 'used'
  readonly createdAt: number
  readonly expiresAt: number
  /** Sign-in that is needed before a yes. */
  readonly first: RequiredSignIn | undefined
  /** Form for a passkey that has to sign a yes. */
  readonly sign: SignatureForm | 'enrol' | undefined
  /** Mistake in the answer that was just given. */
  readonly mistake?: string | undefined
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

/**
 * Page about a command that was asked for on the command line: shows all that it would do and
 * change, and takes a yes or no.
 */
export function confirmPage(view: ConfirmView): string {
  const { meaning, now, operation, state } = view
  const body = html`
<div class="head"><p class="eyebrow"><span>Asked from the command line ${when(view.createdAt, now)}</span></p><h1 class="sentence">${meaning ? show(meaning.sentence) : html`Confirm <code>${operation}</code>`}</h1></div>
${view.mistake !== undefined && notice('bad', 'Not answered', html`<p>${show(view.mistake)}</p>`)}
${outcome(view)}
${view.deceptive && notice('warn', 'This contains look-alike or invisible characters', html`<p>They are marked below.</p>`)}
${state === 'pending' ? answerable(view) : all(view)}`
  return documentOf({
    title: meaning ? meaning.sentence : 'Confirm',
    body,
    viewer: view.viewer,
    script: typeof view.sign === 'object' ? 'passkey' : undefined,
  })
}

function all(view: ConfirmView): Html {
  const { digest, meaning, operation, texts, viewer } = view
  return html`${meaning && meaningHtml(meaning)}
<section class="card" aria-labelledby="all"><h2 id="all">Exactly this is done</h2>
${facts([
  ['Operation', html`<code>${operation}</code>`],
  ['As', show(viewer.name)],
  ['Digest', html`<code>sha256:${digest}</code>`],
])}${texts.map(textHtml)}${wholeInput(view)}</section>`
}

function meaningHtml({ against, changes, consequences = [], facts: known }: ChangeSummary): Html {
  return html`${
    known.length > 0 &&
    html`<section class="card" aria-labelledby="about"><h2 id="about">What it is about</h2>${facts(known.map(([name, value]) => [name, show(value)] as const))}</section>`
  }${
    changes &&
    html`<section class="card" aria-labelledby="changes"><h2 id="changes">${against ?? 'What changes'}</h2>
${changes.length === 0 ? html`<p>Nothing.</p>` : changesHtml(changes)}</section>`
  }${
    consequences.length > 0 &&
    html`<section class="card" aria-labelledby="means"><h2 id="means">What it means for who can do what</h2>
<ul class="sentences">${consequences.map((line) => html`<li class="one">${show(line)}</li>`)}</ul></section>`
  }`
}

/** Number of changes without an effect that stand beside the others; more are folded away. */
const MAX_OPEN = 12

function changesHtml(changes: readonly MeantChange[]): Html {
  const list = (some: readonly MeantChange[]) =>
    some.length > 0 && html`<ul class="changes">${some.map(changeHtml)}</ul>`
  const quiet = changes.filter(({ sign }) => sign === '=')
  if (quiet.length <= MAX_OPEN) return html`${list(changes)}`
  return html`${list(changes.filter(({ sign }) => sign !== '='))}
<details><summary>${quiet.length} that change nothing by themselves</summary>${list(quiet)}</details>`
}

const SIGNS = {
  '+': ['+', 'Added'],
  '-': ['−', 'Removed'],
  '~': ['~', 'Changed'],
  '=': ['=', 'Not changed in effect'],
} as const

function changeHtml({ lines, notes, sign, what }: MeantChange): Html {
  const [mark, words] = SIGNS[sign]
  const changed = lines.map(({ sign: kind, text }, i) => {
    const line = html`${kind} ${showLayout(text)}`
    return html`${i > 0 && '\n'}${kind === '+' ? html`<ins>${line}</ins>` : kind === '-' ? html`<del>${line}</del>` : line}`
  })
  return html`<li class="change"><span class="sign" title="${words}">${mark}</span><div class="stack"><span>${show(what)}</span>${notes.map((note) => html`<p class="soft small">${show(note)}</p>`)}${lines.length > 0 && html`<details><summary>The text</summary><pre class="json" tabindex="0"><code>${changed}</code></pre></details>`}</div></li>`
}

function textHtml({ lines, name, text }: ConfirmView['texts'][number]): Html {
  if (text === '')
    return html`<div class="stack"><h3>${show(name)}</h3><p class="soft">${lines} lines: too long to stand here. They are in the file below.</p></div>`
  return html`<details><summary>${show(name)}, ${lines} lines</summary><pre class="json" tabindex="0"><code>${showLayout(text)}</code></pre></details>`
}

/** All of it, either here or as a file of the very bytes that the digest is of. */
function wholeInput({ id, meaning, payload, texts }: ConfirmView): Html {
  const file = html`<p><a href="/confirm/${id}/input" download>Download the whole input</a> <span class="soft">(${payload.length} characters; it has the digest above)</span></p>`
  if (payload.length > MAX_SHOWN) return file
  const open = texts.length === 0 && !meaning?.changes
  return html`<details${open && html` open`}><summary>The whole input, byte for byte</summary>${showJson(payload)}</details>${file}`
}

/** With a form around all that is read, so that its answers can stay in reach while it scrolls. */
function answerable(view: ConfirmView): Html {
  const { expiresAt, first, id, now, sign, viewer } = view
  return html`<form class="answering" method="post" action="/confirm/${id}"${signingAttributes(sign)}>${csrfField(viewer)}
${all(view)}${first && signInFirstNotice(first)}${!first && signing(sign, `/confirm/${id}`)}
<p class="soft small">Confirm it here because it widens what someone or something may do. It counts once, for exactly this input. ${duration(expiresAt - now)} left to answer.</p>
<div class="answer" role="group" aria-label="Your answer"><div class="actions">${!first && sign !== 'enrol' && html`<button class="primary" name="answer" value="confirmed"${signsButton(sign)}>${sign ? 'Sign and confirm' : 'Confirm'}</button>`}<button class="danger" name="answer" value="refused">Refuse</button></div>
<p class="soft small">No answer by ${clockTime(expiresAt, now, zoneOf(viewer))} means no.</p></div></form>`
}
