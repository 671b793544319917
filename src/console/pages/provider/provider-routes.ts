import {
  type IdentityProvider,
  listProviders,
  type TriedSignIn,
} from '../../../identity/identity-providers/index.ts'
import { entriesOf } from '../../../identity/people/index.ts'
import { documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { facts, notice } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { showJson } from '../frame/show-json.ts'
import type { PageParts } from '../parts.ts'
import { notFound, type PageRouter, requireAdministrator } from '../visit.ts'
import { providersPage } from './providers-page.ts'

/** Adds the pages on which administrators try a provider: its claims about a person, and the profile made of them. */
export function addProviders(desk: PageRouter, parts: Pick<PageParts, 'people'>): void {
  desk.get('/providers', async ({ visitor, query }) => {
    requireAdministrator(visitor)
    const providers = await listProviders(parts.people)
    return providersPage({ viewer: visitor.viewer, providers, chosen: query.get('issuer') })
  })
}

/** The end of a try, in the browser of who began it; to everybody else it does not exist. */
export async function showTried(
  parts: Pick<PageParts, 'people'>,
  visitor: Parameters<Parameters<PageRouter['get']>[1]>[0]['visitor'] | undefined,
  tried: TriedSignIn,
): Promise<string> {
  if (!visitor?.administrator || visitor.person.id !== tried.triedBy) throw notFound()
  const provider = (await listProviders(parts.people)).find(({ issuer }) => issuer === tried.issuer)
  return triedPage({ viewer: visitor.viewer, tried, provider })
}

interface TriedView {
  readonly viewer: Viewer
  readonly tried: TriedSignIn
  readonly provider: IdentityProvider | undefined
}

/** The words of the provider beside what Remit makes of them. */
function triedPage({ provider, tried, viewer }: TriedView): string {
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
      : html`<span class="soft">${said ? 'none is mapped' : 'the provider sends no groups'}</span>`,
  ],
  ['Not mapped', unmapped.length > 0 && html`<code>${show(unmapped.join(', '))}</code>`],
  ...attributes.map(([name, value]) => [name, show(String(value))] as const),
])}</section>`
}
