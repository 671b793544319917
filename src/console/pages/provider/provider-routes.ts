import { listProviders, type TriedSignIn } from '../../../identity/identity-providers/index.ts'
import type { PageParts } from '../parts.ts'
import { notFound, type PageRouter, requireAdministrator } from '../visit.ts'
import { providersPage } from './providers-page.ts'
import { triedPage } from './tried-page.ts'

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
