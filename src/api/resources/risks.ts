import { Type } from 'typebox'
import { listActions } from '../../catalog/index.ts'
import { acceptRisks } from '../../catalog-changes/index.ts'
import { Action, ByName, listOf } from '../../operations/schemas.ts'
import { operation } from '../operation.ts'
import { actionShape } from '../shapes.ts'

const closed = { additionalProperties: false } as const

export const ACCEPT_RISK_OPERATIONS = [
  operation({
    id: 'resources.accept_risks',
    method: 'POST',
    path: '/resources/:name/risks/accept',
    says: 'Accepts proposed risk classes of a resource exactly as they were looked at, all of them or none. Answers every action of it.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object(
      {
        risks: Type.Array(
          Type.Object(
            {
              action: Type.String({ maxLength: 200 }),
              risk: Type.String({ maxLength: 16, description: 'as it was shown' }),
            },
            closed,
          ),
          { minItems: 1, maxItems: 10_000 },
        ),
      },
      closed,
    ),
    answer: listOf('actions', Action),
    run: async (parts, { body, caller, params }) => {
      const resource = params.name
      await acceptRisks(parts.connections, { ...body, resource, by: caller.person.id })
      const actions = await listActions(parts.connections.storage.read, resource)
      return { actions: actions.map(actionShape) }
    },
  }),
]
