import {
  endStandIn,
  nameStandIn,
  openStandIns,
  type StandIn,
} from '../../identity/stand-ins/index.ts'
import { STAND_INS, StandIn as StandInJson } from '../api-operations/stand-ins.ts'
import * as kit from '../operation-kit/schemas.ts'
import { toJson } from './json.ts'
import { meaningOfStandIn } from './meaning/of-person.ts'
import { personNames } from './names.ts'
import { acts } from './operation.ts'
import { pageOf } from './paging.ts'
import type { ApiParts } from './parts.ts'

const STAND_IN = StandInJson(kit)

async function shapesOf(parts: Pick<ApiParts, 'people'>, standIns: readonly StandIn[]) {
  const ids = standIns.flatMap(({ personId, standInId }) => [personId, standInId])
  const nameOf = await personNames(parts, ids)
  return standIns.map((standIn) =>
    toJson(STAND_IN, standIn, {
      person_name: nameOf(standIn.personId),
      stand_in_name: nameOf(standIn.standInId),
    }),
  )
}

async function shapeOf(parts: Pick<ApiParts, 'people'>, standIn: StandIn) {
  const [shape] = await shapesOf(parts, [standIn])
  if (!shape) throw new Error('a stand-in without a shape')
  return shape
}

export const STAND_IN_OPERATIONS = acts(STAND_INS, {
  list: async (parts, { caller: { administrator, person }, query }) => {
    const now = parts.people.clock.now()
    const personId = administrator ? undefined : person.id
    const { items, more } = await pageOf(query, (limit) =>
      openStandIns(parts.people.storage.read, { now, personId, after: query.after, limit }),
    )
    return { stand_ins: await shapesOf(parts, items), more }
  },
  add: {
    means: meaningOfStandIn,
    run: async (parts, { body: { ends_at, stand_in: standIn, starts_at }, caller }) => {
      const startsAt = starts_at === undefined ? undefined : Date.parse(starts_at)
      const draft = { personId: caller.person.id, standIn, startsAt, endsAt: Date.parse(ends_at) }
      return shapeOf(parts, await nameStandIn(parts.people, draft))
    },
  },
  end: async (parts, { caller, params: { id } }) =>
    shapeOf(parts, await endStandIn(parts.people, { id, by: caller.person })),
})
