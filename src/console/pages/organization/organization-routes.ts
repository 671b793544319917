import type { PageParts } from '../parts.ts'
import { type PageRouter, requireAdministrator, type Visit } from '../visit.ts'
import { CONTENT, LISTS, type ListName } from './organization-lists.ts'
import { organizationPage } from './organization-page.ts'

export function addOrganization(desk: PageRouter, parts: PageParts): void {
  desk.get('/organization', async ({ now, query, visitor }) => {
    requireAdministrator(visitor)
    const content = await CONTENT[listIn(query)](parts, query.get('after'), visitor.person)
    return organizationPage({ now, viewer: visitor.viewer, ...content })
  })
}

function listIn(query: Visit['query']): ListName {
  const wanted = query.get('list') ?? ''
  return Object.hasOwn(LISTS, wanted) ? (wanted as ListName) : 'waiting' // as: one of its keys
}
