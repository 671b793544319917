import { type Static, Type } from 'typebox'
import {
  addPoint,
  type DecisionPoint,
  listPoints,
  removePoint,
  TIMEOUT_MS,
} from '../../decision-points/index.ts'
import { Secret } from '../../lib/secret.ts'
import { ByName, listOf, Name, Nothing, secretText, Time } from '../../operations/schemas.ts'
import { operation } from '../operation.ts'
import { time } from '../shapes.ts'

const closed = { additionalProperties: false } as const
const Names = Type.Array(Type.String({ maxLength: 200 }), { maxItems: 256 })

const Point = Type.Object({
  name: Name,
  url: Type.String(),
  header: Type.Union([Type.String(), Type.Null()], {
    description: 'that its credential goes into; the credential is never shown again',
  }),
  resources: Type.Array(Type.String(), {
    description: 'asked about calls to these, and about `actions`; about all when both are empty',
  }),
  actions: Type.Array(Type.String()),
  timeout_ms: Type.Integer(),
  arguments: Type.Boolean({ description: 'whether it is told the arguments of calls' }),
  created_by: Type.String(),
  created_at: Time,
})
const Listed = Type.Intersect([
  Point,
  Type.Object({
    left_alone: Type.Boolean({
      description: 'it failed so often that calls are denied at once for a while; of this replica',
    }),
  }),
])

function pointShape(point: DecisionPoint): Static<typeof Point> {
  const { createdAt, createdBy, header, name, sendsArguments, timeoutMs, url } = point
  return {
    name,
    url,
    header: header ?? null,
    resources: [...point.resources],
    actions: [...point.actions],
    timeout_ms: timeoutMs,
    arguments: sendsArguments,
    created_by: createdBy,
    created_at: time(createdAt),
  }
}

/** AuthZEN decision points of others that are asked about calls. */
export const POINT_OPERATIONS = [
  operation({
    id: 'points.list',
    method: 'GET',
    path: '/decision-points',
    says: 'Decision points of others that are asked about calls.',
    who: 'administrator',
    widens: false,
    answer: listOf('points', Listed),
    run: async ({ decisions }) => ({
      points: (await listPoints(decisions.storage.read)).map((point) => ({
        ...pointShape(point),
        left_alone: decisions.points.isLeftAlone(point),
      })),
    }),
  }),
  operation({
    id: 'points.add',
    method: 'POST',
    path: '/decision-points',
    says: 'Has an AuthZEN decision point asked about calls from now on. None that it is for goes through without its permit. It is told who calls what, for whom.',
    who: 'administrator',
    // It can only reduce; but what is told to others is confirmed.
    widens: true,
    body: Type.Object(
      {
        name: Name,
        url: Type.String({ maxLength: 2048, description: 'of its access evaluation endpoint' }),
        secret: Type.Optional(secretText({ minLength: 1, maxLength: 8192 })),
        header: Type.Optional(
          Type.String({
            maxLength: 64,
            description: 'that the secret goes into; else `Authorization: Bearer`',
          }),
        ),
        resources: Type.Optional(Names),
        actions: Type.Optional(Names),
        timeout_ms: Type.Optional(
          Type.Integer({
            minimum: TIMEOUT_MS.least,
            maximum: TIMEOUT_MS.most,
            description: `${TIMEOUT_MS.default} when not given`,
          }),
        ),
        arguments: Type.Optional(
          Type.Boolean({ description: 'whether it is told the arguments of calls; yes, else' }),
        ),
      },
      closed,
    ),
    answer: Point,
    run: async ({ decisions }, { body, caller }) => {
      const { arguments: sendsArguments, secret, timeout_ms: timeoutMs, ...rest } = body
      return pointShape(
        await addPoint(decisions, {
          ...rest,
          timeoutMs,
          sendsArguments,
          ...(secret === undefined ? {} : { secret: new Secret(secret) }),
          by: caller.person.id,
        }),
      )
    },
  }),
  operation({
    id: 'points.remove',
    method: 'DELETE',
    path: '/decision-points/:name',
    says: 'Has it not asked any more: nothing needs its permit.',
    who: 'administrator',
    widens: true,
    params: ByName,
    answer: Nothing,
    run: async ({ decisions }, { caller, params }) => {
      await removePoint(decisions, { name: params.name, by: caller.person.id })
      return {}
    },
  }),
]
