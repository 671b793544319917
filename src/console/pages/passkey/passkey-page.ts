import type { Passkey, PasskeyRecovery, SignatureForm } from '../../../identity/passkeys/index.ts'
import { csrfField, documentOf, type Viewer, zoneOf } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { empty, notice } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { clockTime, when } from '../frame/time.ts'
import { type RequiredSignIn, signInFirstNotice } from '../sign-in/required-sign-in.ts'
import { passkeyAttributes, passkeyFields } from './passkey-form.ts'

/** Way in which a person can get a passkey, or why there is none. */
export type PasskeyOffer =
  | { readonly kind: 'enrol'; readonly basis: string; readonly form: SignatureForm }
  /** A signature with a passkey that they have comes first. */
  | { readonly kind: 'another'; readonly form: SignatureForm }
  | { readonly kind: 'full' | 'needs_permission' | 'not_usable' }

export interface PasskeyView {
  readonly viewer: Viewer
  readonly now: number
  readonly passkeys: readonly Passkey[]
  readonly recovery: PasskeyRecovery | undefined
  readonly offer: PasskeyOffer
  /** Sign-in that is needed before anything is added or removed. */
  readonly first: RequiredSignIn | undefined
  /** Page that sent the person here. */
  readonly returnTo: string | undefined
  readonly mistake?: string | undefined
}

/** The page on which a person enrols and removes passkeys. */
export function passkeyPage(view: PasskeyView): string {
  const { first, mistake, passkeys, returnTo, viewer } = view
  const body = html`<div class="head"><p class="eyebrow">Passkeys</p><h1>Your passkeys</h1></div>
${mistake !== undefined && notice('bad', 'That did not work', html`<p>${show(mistake)}</p>`)}
${returnTo !== undefined && passkeys.length > 0 && notice('good', 'You have a passkey', html`<p><a class="button primary" href="${returnTo}">Go back to what you were doing</a></p>`)}
<p>A passkey signs what a page shows you: an approval of high risk, or an act of an administrator. The signature is kept in the ledger, so that anybody can check later who said yes to what.</p>
${recoveryNotice(view)}
${passkeys.length === 0 ? empty('No passkey yet', 'It can be a phone, a computer with a fingerprint reader, or a security key.') : html`<ul class="list">${passkeys.map((passkey) => item(passkey, view))}</ul>`}
${first ? signInFirstNotice(first) : offered(view)}`
  return documentOf({ title: 'Passkeys', body, viewer, script: 'passkey' })
}

function item({ createdAt, id, lastUsedAt, name }: Passkey, view: PasskeyView): Html {
  const { first, now, passkeys, viewer } = view
  const last = passkeys.length === 1
  return html`<li class="item"><p class="what">${show(name)}</p>
<p class="meta">added ${when(createdAt, now)}, ${lastUsedAt === null ? 'not used yet' : html`last used ${when(lastUsedAt, now)}`}</p>
${!first && html`<form method="post" action="/passkeys/${id}/remove">${csrfField(viewer)}<div class="actions"><button class="danger">Remove</button></div>${last && html`<p class="soft small">It is your last one. After that an administrator has to permit a new one.</p>`}</form>`}</li>`
}

function recoveryNotice({ now, recovery, viewer }: PasskeyView): Html | false {
  if (!recovery) return false
  const open = recovery.usableFrom <= now
  return notice(
    'warn',
    'An administrator permitted a new first passkey for you',
    html`<div class="stack"><p>${open ? 'You can enrol it below; it replaces those that you have.' : html`You can enrol it from ${clockTime(recovery.usableFrom, now, zoneOf(viewer))}; it will replace those that you have.`} If you did not ask for it, refuse it, and ask who did.</p>
<form method="post" action="/passkeys/recovery/refuse">${csrfField(viewer)}<button class="danger">Refuse it</button></form></div>`,
  )
}

const WHY_NOT = {
  full: ['You have as many passkeys as anybody can have', 'Remove one to add another.'],
  needs_permission: [
    'An administrator has to permit a new passkey',
    'You had one before. Otherwise a person who signs in as you could have one, too. Ask an administrator for: remit people permit-passkey',
  ],
  not_usable: [
    'Passkeys do not work at this address',
    'Browsers make them for names only. The operator of this server gives it a name, such as http://localhost:7480, with REMIT_ISSUER.',
  ],
} as const

function offered({ offer, returnTo, viewer }: PasskeyView): Html {
  switch (offer.kind) {
    case 'enrol':
      return html`<form class="card" method="post" action="/passkeys"${passkeyAttributes(offer.form, 'create')}>${csrfField(viewer)}<input type="hidden" name="basis" value="${offer.basis}">${returnTo !== undefined && html`<input type="hidden" name="return_to" value="${returnTo}">`}
<h2>Enrol a passkey</h2>
<div class="field"><label for="name">Name <span class="hint">so that you know it again</span></label><input type="text" id="name" name="name" maxlength="60" required value="My passkey" autocomplete="off"></div>
${passkeyFields(offer.form)}<div class="actions"><button class="primary" data-sign>Enrol</button></div></form>`
    case 'another':
      return html`<form class="card" method="post" action="/passkeys/another"${passkeyAttributes(offer.form)}>${csrfField(viewer)}<h2>Add another</h2><p>First sign with one that you have.</p>
${passkeyFields(offer.form)}<div class="actions"><button data-sign>Add another passkey</button></div></form>`
    default: {
      const [title, text] = WHY_NOT[offer.kind]
      return notice('calm', title, html`<p>${text}</p>`)
    }
  }
}
