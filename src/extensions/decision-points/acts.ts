import {
  type ApiParts,
  actsWith,
  fromJson,
  type Operation,
  toJson,
  withParts,
} from '../../console/api/index.ts'
import * as kit from '../../console/operation-kit/schemas.ts'
import { Secret } from '../../platform/lib/secret.ts'
import {
  addPoint,
  type DecisionPoint,
  type DecisionPoints,
  listPoints,
  removePoint,
} from './index.ts'
import { DECISION_POINTS, DecisionPoint as Point } from './operations.ts'

const POINT = Point(kit)

/** Parts that the operations of decision points work with. */
export interface PointApi extends ApiParts {
  readonly points: Pick<DecisionPoints, 'isLeftAlone'>
}

function pointShape(point: DecisionPoint) {
  return toJson(POINT, point, { arguments: point.sendsArguments })
}

export const POINT_OPERATIONS = actsWith<PointApi>()(DECISION_POINTS, {
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

/** Makes the operations ready. */
export function pointOperations(own: Pick<PointApi, 'points'>): readonly Operation[] {
  return withParts(POINT_OPERATIONS, own)
}
