import type { SignatureForm } from '../../../identity/passkeys/index.ts'
import { type Html, html } from '../frame/html.ts'
import { notice } from '../frame/pieces.ts'

/** Attributes of a form whose buttons with `data-sign` ask an authenticator first. */
export function passkeyAttributes(form: SignatureForm, act: 'create' | 'get' = 'get'): Html {
  return html` data-passkey="${act}" data-options="${form.options}"`
}

/** Fields that carry the signature, and a place for what went wrong in the browser. */
export function passkeyFields({ ticket }: SignatureForm): Html {
  return html`<input type="hidden" name="ticket" value="${ticket}"><input type="hidden" name="assertion" value="">
<p class="notice bad" role="alert" data-trouble hidden></p>
<noscript>${notice('warn', 'Passkeys need the script of this page', html`<p>Browsers offer passkeys to scripts only. Allow the one script of this page, which comes from Remit itself. Everything else works without.</p>`)}</noscript>`
}

/** Form of a page whose yes may have to be signed; `enrol`: the person has no passkey. */
export type SigningNeed = SignatureForm | 'enrol' | undefined

export function signingAttributes(need: SigningNeed): Html | false {
  return typeof need === 'object' && passkeyAttributes(need)
}

/** Fields of such a form, or where a person without a passkey goes. */
export function signing(need: SigningNeed, path: string): Html | false {
  if (need === undefined) return false
  return need === 'enrol' ? enrolFirstNotice(path) : passkeyFields(need)
}

export function signsButton(need: SigningNeed): Html | false {
  return typeof need === 'object' && html` data-sign`
}

/** Stands where the button for a yes would be. `path`: where the person comes back to. */
function enrolFirstNotice(path: string): Html {
  return notice(
    'warn',
    'This has to be signed with a passkey',
    html`<div class="stack"><p>You have none yet. Enrol one, and come back to this page. Saying no needs nothing.</p><p><a class="button" href="/passkeys?${new URLSearchParams({ return_to: path }).toString()}">Enrol a passkey</a></p></div>`,
  )
}
