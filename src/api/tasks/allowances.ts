import {
  type Allowance as AllowanceNoun,
  endAllowance,
  findAllowance,
  giversOf,
  listAllowances,
} from '../../approvals/index.ts'
import { ALLOWANCES } from '../../operations/allowances.ts'
import { personNames } from '../names.ts'
import { acts } from '../operation.ts'
import { time } from '../shapes.ts'

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
export const ALLOWANCE_OPERATIONS = acts(ALLOWANCES, {
  list: async (parts, { caller }) => {
    const listed = await listAllowances(parts.decisions, caller.person)
    const ids = listed.flatMap(({ allowance, givenBy }) => [allowance.personId, ...givenBy])
    const nameOf = await personNames(parts, ids)
    return {
      allowances: listed.map(({ allowance, givenBy }) =>
        allowanceShape(allowance, givenBy, nameOf),
      ),
    }
  },
  show: async (parts, { caller, params }) => {
    const allowance = await findAllowance(parts.decisions, params.id, caller.person)
    const givenBy = await giversOf(parts.decisions, allowance.requestId)
    return allowanceShape(
      allowance,
      givenBy,
      await personNames(parts, [allowance.personId, ...givenBy]),
    )
  },
  end: async (parts, { caller, params }) => {
    const ending = { allowanceId: params.id, person: caller.person }
    const allowance = await endAllowance(parts.decisions, ending)
    const givenBy = await giversOf(parts.decisions, allowance.requestId)
    return allowanceShape(
      allowance,
      givenBy,
      await personNames(parts, [allowance.personId, ...givenBy]),
    )
  },
})
