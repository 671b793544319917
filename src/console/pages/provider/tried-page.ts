import type { IdentityProvider, TriedSignIn } from '../../../identity/identity-providers/index.ts'
import { entriesOf } from '../../../identity/people/index.ts'
import { documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { facts, notice } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { showJson } from '../frame/show-json.ts'

export interface TriedView {
  readonly viewer: Viewer
  readonly tried: TriedSignIn
  readonly provider: IdentityProvider | undefined
}

/** The words of the provider beside what Remit makes of them. */
export function triedPage({ provider, tried, viewer }: TriedView): string {
  const { claims, mistake } = tried
  const body = html`<div class="head"><p class="eyebrow">A try: no one was signed in, nothing was kept</p><h1>What ${show(provider?.name ?? tried.issuer)} says</h1></div>
${mistake !== undefined ? notice('bad', 'This would sign no one in', html`<p>${show(mistake)}</p>`) : made(tried)}
${'_claim_names' in claims && notice('warn', 'Some claims are somewhere else', html`<p>The provider says by <code>_claim_names</code> where they could be fetched. Remit does not go there: have it put them into the token, for instance only the groups that are assigned to this application.</p>`)}
<section class="card" aria-labelledby="claims"><h2 id="claims">Every claim, as it came</h2>${showJson(JSON.stringify(claims))}</section>
<div class="actions"><a class="button" href="/providers">Identity providers</a></div>`
  return documentOf({ title: 'What the provider says', body, viewer })
}

function made({ groups, profile, unmapped }: TriedSignIn): Html | false {
  if (!profile) return false
  const attributes = entriesOf(profile.attributes ?? {})
  const said = profile.groupValues !== undefined
  return html`<section class="card" aria-labelledby="made"><h2 id="made">What is made of it</h2>
${facts([
  ['Subject', html`<code>${show(profile.subject)}</code>`],
  ['Name', show(profile.name ?? profile.subject)],
  [
    'E-mail',
    profile.email ? show(profile.email) : html`<span class="soft">none that is verified</span>`,
  ],
  [
    'Groups here',
    groups.length > 0
      ? show(groups.join(', '))
      : html`<span class="soft">${said ? 'none is mapped' : 'it says nothing of groups'}</span>`,
  ],
  ['Not mapped', unmapped.length > 0 && html`<code>${show(unmapped.join(', '))}</code>`],
  ...attributes.map(([name, value]) => [name, show(String(value))] as const),
])}</section>`
}
