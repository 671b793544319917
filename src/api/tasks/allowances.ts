import { Type } from 'typebox'
import {
  type Allowance as AllowanceNoun,
  endAllowance,
  findAllowance,
  giversOf,
  listAllowances,
} from '../../approvals/index.ts'
import { ById, listOf, Time } from '../../operations/schemas.ts'
import { personNames } from '../names.ts'
import { operation } from '../operation.ts'
import { time } from '../shapes.ts'

const Allowance = Type.Object({
  id: Type.String(),
  text: Type.String({ description: 'which calls it means, in words' }),
  agent: Type.String(),
  person: Type.String(),
  person_name: Type.Union([Type.String(), Type.Null()]),
  action: Type.String(),
  task: Type.Union([Type.String(), Type.Null()], { description: 'null: in every task' }),
  request: Type.String({ description: 'the access request that it answered' }),
  given_by: Type.Array(
    Type.Object({ id: Type.String(), name: Type.Union([Type.String(), Type.Null()]) }),
  ),
  uses: Type.Union([Type.Integer(), Type.Null()], { description: 'null: as often as needed' }),
  uses_left: Type.Union([Type.Integer(), Type.Null()]),
  created_at: Time,
  expires_at: Time,
  last_used_at: Type.Union([Time, Type.Null()]),
  ended_at: Type.Union([Time, Type.Null()]),
  ended_by: Type.Union([Type.String(), Type.Null()]),
})

type NameOf = Awaited<ReturnType<typeof personNames>>

function allowanceShape(allowance: AllowanceNoun, givenBy: readonly string[], nameOf: NameOf) {
  const { endedAt, lastUsedAt, personId } = allowance
  return {
    id: allowance.id,
    text: allowance.text,
    agent: allowance.agentId,
    person: personId,
    person_name: nameOf(personId),
    action: allowance.action,
    task: allowance.taskId,
    request: allowance.requestId,
    given_by: givenBy.map((id) => ({ id, name: nameOf(id) })),
    uses: allowance.uses,
    uses_left: allowance.usesLeft,
    created_at: time(allowance.createdAt),
    expires_at: time(allowance.expiresAt),
    last_used_at: lastUsedAt === null ? null : time(lastUsedAt),
    ended_at: endedAt === null ? null : time(endedAt),
    ended_by: allowance.endedBy,
  }
}

/** Standing answers are seen and ended here. Giving one is for pages only: nothing here answers (contract 10). */
export const ALLOWANCE_OPERATIONS = [
  operation({
    id: 'allowances.list',
    method: 'GET',
    path: '/allowances',
    says: 'The standing answers in force that concern the caller: given by them, for calls on their behalf; all, for administrators.',
    who: 'person',
    widens: false,
    answer: listOf('allowances', Allowance),
    run: async (parts, { caller }) => {
      const listed = await listAllowances(parts.decisions, caller.person)
      const ids = listed.flatMap(({ allowance, givenBy }) => [allowance.personId, ...givenBy])
      const nameOf = await personNames(parts, ids)
      return {
        allowances: listed.map(({ allowance, givenBy }) =>
          allowanceShape(allowance, givenBy, nameOf),
        ),
      }
    },
  }),
  operation({
    id: 'allowances.show',
    method: 'GET',
    path: '/allowances/:id',
    says: 'One standing answer that concerns the caller, in force or over.',
    who: 'person',
    widens: false,
    params: ById,
    answer: Allowance,
    run: async (parts, { caller, params }) => {
      const allowance = await findAllowance(parts.decisions, params.id, caller.person)
      const givenBy = await giversOf(parts.decisions, allowance.requestId)
      return allowanceShape(
        allowance,
        givenBy,
        await personNames(parts, [allowance.personId, ...givenBy]),
      )
    },
  }),
  operation({
    id: 'allowances.end',
    method: 'DELETE',
    path: '/allowances/:id',
    says: 'Ends a standing answer: from now on such calls ask again. Ending it twice is no error.',
    who: 'person',
    widens: false,
    params: ById,
    answer: Allowance,
    run: async (parts, { caller, params }) => {
      const ending = { allowanceId: params.id, person: caller.person }
      const allowance = await endAllowance(parts.decisions, ending)
      const givenBy = await giversOf(parts.decisions, allowance.requestId)
      return allowanceShape(
        allowance,
        givenBy,
        await personNames(parts, [allowance.personId, ...givenBy]),
      )
    },
  }),
]
