import { RULES } from '../../../catalog/catalog/index.ts'
import type { CallParts } from '../parts.ts'
import { type AdmittedRequest, isSamePlace } from './admit.ts'

/**
 * Admits a request once more by what it was admitted by, where nothing of that has changed: a lease that ran out is no change,
 * and gates 1 and 2 read no policies (contracts 13.2 and 13.3). `undefined`: it has ended.
 * @throws Problem `live.lease_over`, `server.clock_off`: that cannot be found out
 */
export async function readmit(
  parts: Pick<CallParts, 'catalog' | 'live'>,
  admitted: AdmittedRequest,
): Promise<AdmittedRequest | undefined> {
  const { resource: before, ticket } = admitted
  const [view, also] = (await parts.live.again([admitted.view, ticket.also], RULES)) ?? []
  // INVARIANT: the catalog is taken after the views that watch over it were read.
  const resource = (await parts.catalog.current()).resources.get(before.name)
  if (!view || !also || !resource || !isSamePlace(resource, before)) return undefined
  return { ...admitted, resource, view, ticket: { ...ticket, also } }
}
