import {
  type Allowance,
  allowanceApprovers,
  endAllowance,
  findAllowance,
  type ListedAllowance,
  listAllowances,
} from '../../../approvals/approvals/index.ts'
import { ALLOWANCES, Allowance as AllowanceJson } from '../../api-operations/allowances.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { toJson } from '../json.ts'
import { personNames } from '../names.ts'
import { acts } from '../operation.ts'
import type { ApiParts } from '../parts.ts'

const ALLOWANCE = AllowanceJson(kit)

/** Allowances with the names of the people that they are about. */
async function shapesOf(parts: Pick<ApiParts, 'people'>, listed: readonly ListedAllowance[]) {
  const ids = listed.flatMap(({ allowance, givenBy }) => [allowance.personId, ...givenBy])
  const nameOf = await personNames(parts, ids)
  return listed.map(({ allowance, givenBy }) =>
    toJson(ALLOWANCE, allowance, {
      person_name: nameOf(allowance.personId),
      given_by: givenBy.map((id) => ({ id, name: nameOf(id) })),
    }),
  )
}

async function shapeOf(parts: Pick<ApiParts, 'decisions' | 'people'>, allowance: Allowance) {
  const givenBy = await allowanceApprovers(parts.decisions, allowance.requestId)
  const [shape] = await shapesOf(parts, [{ allowance, givenBy }])
  if (!shape) throw new Error('an allowance without a shape')
  return shape
}

/** Allowances are seen and ended here. Giving one is for pages only: nothing here answers (contract 10). */
export const ALLOWANCE_OPERATIONS = acts(ALLOWANCES, {
  list: async (parts, { caller }) => ({
    allowances: await shapesOf(parts, await listAllowances(parts.decisions, caller.person)),
  }),
  show: async (parts, { caller, params }) =>
    shapeOf(parts, await findAllowance(parts.decisions, params.id, caller.person)),
  end: async (parts, { caller, params }) =>
    shapeOf(
      parts,
      await endAllowance(parts.decisions, { allowanceId: params.id, person: caller.person }),
    ),
})
