import { Type } from 'typebox'
import type { Action } from '../../catalog/index.ts'
import { differences, type Offer, type previewImport } from '../../catalog-changes/index.ts'
import { mapInSteps } from '../../lib/in-steps.ts'
import { Time } from '../../operations/schemas.ts'
import { time } from '../shapes.ts'

const Maybe = Type.Union([Type.String(), Type.Null()])

const Differences = Type.Array(Type.Object({ field: Type.String(), before: Maybe, after: Maybe }), {
  description: 'field by field; null where there is none',
})

export const Change = Type.Object({
  action: Type.String(),
  kind: Type.Enum(['changed', 'added', 'removed']),
  differences: Differences,
})

/** A definition that is offered and that nobody has accepted. */
export const Offered = Type.Object({
  action: Type.String(),
  kind: Type.Enum(['changed', 'added'], {
    description: '`changed`: the action is quarantined; `added`: it is new',
  }),
  state: Type.Enum(['waiting', 'rejected']),
  digest: Type.String({ description: 'names what is offered; say it to accept or reject' }),
  source: Type.Enum(['import', 'server'], {
    description: '`import`, or `server`: an MCP server changed it by itself',
  }),
  offered_at: Time,
  offered_by: Type.String(),
  reviewed_at: Type.Union([Time, Type.Null()]),
  reviewed_by: Maybe,
  reviewed_digest: Maybe,
  unreadable: Type.Union([Type.String(), Type.Null()], {
    description: 'why what is offered cannot be used, and so not accepted',
  }),
  differences: Differences,
})

export function offeredShape(offer: Offer, reviewed: Action | undefined) {
  return {
    action: offer.action,
    kind: offer.kind,
    state: offer.state,
    digest: offer.digest,
    source: offer.source,
    offered_at: time(offer.offeredAt),
    offered_by: offer.by,
    reviewed_at: reviewed?.accepted ? time(reviewed.accepted.at) : null,
    reviewed_by: reviewed?.accepted?.by ?? null,
    reviewed_digest: reviewed?.digest ?? null,
    unreadable: offer.unreadable ?? null,
    differences: shownDifferences(reviewed, offer),
  }
}

/** What an import would do to the actions of a resource. */
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
