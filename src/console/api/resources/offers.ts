import type { Action } from '../../../catalog/catalog/index.ts'
import {
  differences,
  type Offer,
  type previewImport,
} from '../../../catalog/catalog-changes/index.ts'
import { mapInSteps } from '../../../platform/lib/in-steps.ts'
import { Offered } from '../../api-operations/resources/schemas.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { toJson } from '../json.ts'
import { time } from '../shapes.ts'

const OFFERED = Offered(kit)

/** A definition that is offered, beside the one that was reviewed. */
export function offeredShape(offer: Offer, reviewed: Action | undefined) {
  const { accepted, digest } = reviewed ?? {}
  return toJson(OFFERED, offer, {
    offered_by: offer.by,
    reviewed_at: accepted ? time(accepted.at) : null,
    reviewed_by: accepted?.by ?? null,
    reviewed_digest: digest ?? null,
    differences: shownDifferences(reviewed, offer),
  })
}

/** Changes that an import would make to the actions of a resource. */
export async function previewedChanges(
  planned: readonly Action[],
  { before, removed }: Awaited<ReturnType<typeof previewImport>>,
) {
  const known = new Map(before.map((action) => [action.name, action]))
  const other = planned.filter((action) => known.get(action.name)?.digest !== action.digest)
  return [
    ...(await mapInSteps(other, (offered) => ({
      action: offered.name,
      kind: known.has(offered.name) ? ('changed' as const) : ('added' as const),
      differences: known.has(offered.name)
        ? shownDifferences(known.get(offered.name), { offered })
        : [],
    }))),
    ...removed.map((action) => ({ action, kind: 'removed' as const, differences: [] })),
  ]
}

function shownDifferences(reviewed: Action | undefined, offer: Pick<Offer, 'offered'>) {
  return differences(reviewed, offer).map(({ after, before, field }) => ({
    field,
    before: before ?? null,
    after: after ?? null,
  }))
}
