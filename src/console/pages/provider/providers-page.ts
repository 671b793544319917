import type { IdentityProvider } from '../../../identity/identity-providers/index.ts'
import { entriesOf } from '../../../identity/people/index.ts'
import { documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { empty, facts } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'

export interface ProvidersView {
  readonly viewer: Viewer
  readonly providers: readonly IdentityProvider[]
  /** Issuer of the one that is shown alone. */
  readonly chosen: string | undefined
}

/** Shows the registration of each provider, and the way to try it. */
export function providersPage({ chosen, providers, viewer }: ProvidersView): string {
  const shown = providers.filter(({ issuer }) => chosen === undefined || issuer === chosen)
  const body = html`<div class="head"><h1>Identity providers</h1>
<p class="soft">Trying one signs no one in and keeps nothing: you sign in there, as yourself or as a test person, and see what it says and what is made of it.</p></div>
${shown.length === 0 && empty('There is none', html`Register one: <code>remit providers add ISSUER --name TEXT --client-id ID</code>`)}
${shown.map(card)}`
  return documentOf({ title: 'Identity providers', body, viewer })
}

function card(provider: IdentityProvider): Html {
  const { acrValues, clientId, domains, groupsClaim, issuer, name } = provider
  const mapped = entriesOf(provider.attributes).map(([attribute, claim]) => `${attribute}=${claim}`)
  return html`<section class="card"><h2>${show(name)}</h2>
${facts([
  ['Issuer', html`<code>${issuer}</code>`],
  ['Client', html`<code>${clientId}</code>`],
  ['Groups from', html`<code>${groupsClaim}</code>`],
  ['Attributes', mapped.length > 0 && html`<code>${mapped.join(', ')}</code>`],
  ['Domains', domains.length > 0 && show(domains.join(', '))],
  ['Sign-ins say', acrValues.length > 0 && show(acrValues.join(' or '))],
])}
<div class="actions"><a class="button" href="/sign-in?${new URLSearchParams({ try: 'yes', provider: issuer }).toString()}">Try a sign-in</a></div></section>`
}
