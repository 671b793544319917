import { Type } from 'typebox'
import { acceptBreak } from '../calls/index.ts'
import { Time } from '../operations/schemas.ts'
import { operation } from './operation.ts'
import { time } from './shapes.ts'

const Break = Type.Object({
  history: Type.Integer({
    description: 'number of the history that begins when it is accepted; the first one is 0',
  }),
  detail: Type.String(),
  found_at: Time,
  signed_size: Type.Union([Type.Integer(), Type.Null()], {
    description: 'records under the signed head that is missing; null where the tree is damaged',
  }),
  size: Type.Integer({ description: 'records that there were when it was found' }),
  common_size: Type.Integer({ description: 'the largest signed size that is still there' }),
  common_at: Type.Union([Time, Type.Null()], { description: 'when that was signed' }),
})

export const LEDGER_BREAK_OPERATIONS = [
  operation({
    id: 'ledger.state',
    method: 'GET',
    path: '/ledger/state',
    says: 'Whether the ledger contains everything that was signed. While it does not, nothing is permitted, and `break` says what is missing.',
    who: 'administrator',
    widens: false,
    answer: Type.Object({
      consistent: Type.Boolean(),
      size: Type.Integer(),
      break: Type.Union([Break, Type.Null()]),
    }),
    run: async ({ ledger }) => {
      const found = await ledger.openBreak()
      return {
        consistent: ledger.broken === undefined,
        size: await ledger.size(),
        break: found
          ? {
              history: found.history,
              detail: found.detail,
              found_at: time(found.foundAt),
              signed_size: found.head?.size ?? null,
              size: found.size,
              common_size: found.common.size,
              common_at: found.common.at === undefined ? null : time(found.common.at),
            }
          : null,
      }
    },
  }),
  operation({
    id: 'ledger.accept_break',
    method: 'POST',
    path: '/ledger/break/accept',
    says: 'Goes on with a ledger that does not contain everything that was signed. Closes every open task, and ends every approval, standing answer and waiting token request: what is missing may have closed or used them. Recorded for ever. Look at `ledger.state` first.',
    who: 'administrator',
    widens: true,
    body: Type.Object(
      { history: Type.Integer({ minimum: 1, description: 'as `ledger.state` says' }) },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      closed_tasks: Type.Integer(),
      voided_requests: Type.Integer(),
      ended_allowances: Type.Integer(),
    }),
    run: async (parts, { body, caller }) => {
      const done = await acceptBreak(
        { ...parts.decisions, ledger: parts.ledger },
        { by: caller.person.id, history: body.history },
      )
      return {
        closed_tasks: done.closedTasks,
        voided_requests: done.voidedRequests,
        ended_allowances: done.endedAllowances,
      }
    },
  }),
]
