import type { UnprovisionedPerson } from '../../../identity/identity-providers/index.ts'
import { provisionAssertedPerson } from '../../../identity/issuers/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import { detailsAt, type GrantRefusal, refused } from '../../issuance/index.ts'
import type { GrantParts } from '../parts.ts'
import type { OpeningGrant } from './grant.ts'

/**
 * Finds the person whom an issuer speaks for, who may be new here: then the grant is worked out
 * first, as if the person existed.
 * INVARIANT: a person is created only if the assertion opens a task, or leads to a request for approval.
 * @throws Problem `issuer.people_full`, `issuer.people_too_fast`
 */
export async function resolvePerson(
  parts: GrantParts,
  met: Person | { readonly newcomer: UnprovisionedPerson; readonly by: string },
  {
    grant,
    resource,
  }: { readonly grant: () => Promise<OpeningGrant>; readonly resource?: string | undefined },
): Promise<Person | GrantRefusal> {
  if (!('newcomer' in met)) return met
  const granted = await grant()
  if (granted.outcome === 'refused') return granted
  const { details } = granted.outcome === 'needs_approval' ? granted.grant : granted
  const catalog = await parts.catalog.current()
  if (resource !== undefined && detailsAt(details, catalog.at(resource).locations).length === 0)
    return refused('task.resource_not_granted', 'nothing would be granted at this resource')
  return provisionAssertedPerson(parts, met.by, met.newcomer)
}
