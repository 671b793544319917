import {
  addPoint,
  type DecisionPoint,
  listPoints,
  removePoint,
} from '../../../extensions/decision-points/index.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { DECISION_POINTS, DecisionPoint as Point } from '../../api-operations/decision-points.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { fromJson, toJson } from '../json.ts'
import { acts } from '../operation.ts'

const POINT = Point(kit)

function pointShape(point: DecisionPoint) {
  return toJson(POINT, point, { arguments: point.sendsArguments })
}

export const POINT_OPERATIONS = acts(DECISION_POINTS, {
  list: async ({ decisions, points }) => ({
    points: (await listPoints(decisions.storage.read)).map((point) => ({
      ...pointShape(point),
      left_alone: points.isLeftAlone(point),
    })),
  }),
  add: async ({ decisions }, { body, caller }) => {
    const { arguments: sendsArguments, secret, ...rest } = fromJson(body)
    return pointShape(
      await addPoint(decisions, {
        ...rest,
        sendsArguments,
        ...(secret === undefined ? {} : { secret: new Secret(secret) }),
        by: caller.person.id,
      }),
    )
  },
  remove: async ({ decisions }, { caller, params }) => {
    await removePoint(decisions, { name: params.name, by: caller.person.id })
    return {}
  },
})
