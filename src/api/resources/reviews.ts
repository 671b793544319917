import { Type } from 'typebox'
import { listActions } from '../../catalog/index.ts'
import {
  acceptOffers,
  listOffers,
  rejectOffers,
  removeResource,
} from '../../catalog-changes/index.ts'
import { mapInSteps } from '../../lib/in-steps.ts'
import { ByName, listOf, Nothing, Reason } from '../../operations/schemas.ts'
import { operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { Offered, offeredShape } from './review-shapes.ts'

const closed = { additionalProperties: false } as const
const Changes = listOf('changes', Offered)

const Looked = Type.Object(
  {
    changes: Type.Array(
      Type.Object(
        {
          action: Type.String({ maxLength: 200 }),
          digest: Type.String({ maxLength: 64, description: 'as it was shown' }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 10_000 },
    ),
  },
  closed,
)

async function changes(parts: ApiParts, resource: string) {
  const { read } = parts.connections.storage
  const reviewed = new Map((await listActions(read, resource)).map((each) => [each.name, each]))
  const offers = await listOffers(read, resource)
  return {
    changes: await mapInSteps(offers, (offer) => offeredShape(offer, reviewed.get(offer.action))),
  }
}

export const REVIEW_OPERATIONS = [
  operation({
    id: 'resources.changes',
    method: 'GET',
    path: '/resources/:name/changes',
    says: 'What is offered by now and differs from what was reviewed: definitions that changed, whose actions are quarantined, and new ones that wait.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: Changes,
    run: (parts, { params }) => changes(parts, params.name),
  }),
  operation({
    id: 'resources.accept',
    method: 'POST',
    path: '/resources/:name/changes/accept',
    says: 'Accepts definitions exactly as they were looked at: they count from now on. Approvals of the old ones are void. Answers what is left.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Looked,
    answer: Changes,
    run: async (parts, { body, caller, params }) => {
      const answered = { resource: params.name, offers: body.changes, by: caller.person.id }
      await acceptOffers(parts.connections, answered)
      return changes(parts, params.name)
    },
  }),
  operation({
    id: 'resources.reject',
    method: 'POST',
    path: '/resources/:name/changes/reject',
    says: 'Rejects definitions as they were looked at: what changed stays quarantined, what is new stays out. Answers what is offered.',
    who: 'administrator',
    widens: false,
    params: ByName,
    body: Looked,
    answer: Changes,
    run: async (parts, { body, caller, params }) => {
      const answered = { resource: params.name, offers: body.changes, by: caller.person.id }
      await rejectOffers(parts.connections, answered)
      return changes(parts, params.name)
    },
  }),
  operation({
    id: 'resources.remove',
    method: 'POST',
    path: '/resources/:name/remove',
    says: 'Takes a resource and its actions out of the catalog, for good: its name is never used again. Refused while rules speak of its actions.',
    who: 'administrator',
    widens: false,
    params: ByName,
    body: Reason,
    answer: Nothing,
    run: async (parts, { body, caller, params }) => {
      const reason = body.reason ?? 'removed by an administrator'
      await removeResource(parts.connections, { name: params.name, by: caller.person.id, reason })
      return {}
    },
  }),
]
