import type {} from '@fastify/swagger'
import type { FastifySchema } from 'fastify'
import { type TSchema, Type } from 'typebox'
import { Confirmation, Nothing, ProblemDocument } from '../operation-kit/schemas.ts'

/** Description of an operation, for the router and for `openapi.json`. */
export interface OperationDocument {
  readonly id: string
  readonly says: string
  readonly params?: TSchema
  readonly query?: TSchema
  readonly body?: TSchema
  readonly answer: TSchema
  /** Status of the answer; 200 when left out. */
  readonly status?: 200 | 201
  /** Media type of the answer; JSON when left out. */
  readonly mediaType?: string
  readonly widens?: boolean
  /** Name of the security scheme; `undefined`: no credential is needed. */
  readonly security: 'session' | 'task' | 'machine' | undefined
}

/** Headers that an act which widens access may carry. Others are not looked at. */
const Confirming = Type.Object({
  'remit-confirmation': Type.Optional(
    Type.String({ description: 'id of a confirmation that the caller has said yes to' }),
  ),
})

const JSON_TYPE = 'application/json'

/**
 * The schema of a route: its validated part (path, query and body; unknown members are refused), and the part that is only
 * documented (answers, which `run` is typed by).
 */
export function fastifySchema(operation: OperationDocument): FastifySchema {
  const { answer, body, id, mediaType = JSON_TYPE, params, query, says, security } = operation
  return {
    operationId: id,
    summary: says,
    tags: [id.split('.')[0] ?? id],
    security: security === undefined ? [] : [{ [security]: [] }],
    params: params ?? Nothing,
    querystring: query ?? Nothing,
    ...(operation.widens ? { headers: Confirming } : {}),
    ...(body ? { body } : {}),
    response: {
      [operation.status ?? 200]: described('Done.', mediaType, answer),
      ...(operation.widens
        ? {
            202: described(
              'Nothing was done yet: confirm it on the page.',
              JSON_TYPE,
              Confirmation,
            ),
          }
        : {}),
      default: described('Refused.', 'application/problem+json', ProblemDocument),
    },
  }
}

function described(description: string, mediaType: string, schema: TSchema) {
  return { description, content: { [mediaType]: { schema } } }
}

/** Answers are typed where they are made; a serializer made from a schema would drop what it does not know. */
export const plainJson = () => (answer: unknown) => JSON.stringify(answer)
