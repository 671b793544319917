import {
  endAllowance,
  type ListedAllowance,
  listAllowances,
} from '../../../approvals/approvals/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { roleOf } from '../frame/task-role.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { notFound, type PageRouter, type Visitor } from '../visit.ts'
import type { AllowanceItem } from './allowance-list.ts'

export function addAllowances(desk: PageRouter, parts: Pick<PageParts, 'decisions'>): void {
  desk.post('/allowances/:id/end', async ({ visitor, id }) => {
    try {
      await endAllowance(parts.decisions, { allowanceId: id, person: visitor.person })
    } catch (error) {
      throw error instanceof Problem && error.code === 'allowance.unknown' ? notFound() : error
    }
    return { to: '/approvals#allowances' }
  })
}

/** The allowances in force that concern a visitor: given by him, on his behalf; all, for administrators. */
export async function allowancesOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  visitor: Visitor,
): Promise<AllowanceItem[]> {
  const listed = await listAllowances(parts.decisions, visitor.person)
  return allowanceItems(parts, visitor, listed)
}

export async function allowanceItems(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  visitor: Visitor,
  listed: readonly ListedAllowance[],
): Promise<AllowanceItem[]> {
  const names = new Names(parts)
  const catalog = await parts.decisions.catalog.current()
  return Promise.all(
    listed.map(async ({ allowance, givenBy }) => ({
      ...allowance,
      insider: (await roleOf(parts, visitor, allowance)) !== undefined,
      agent: await names.agent(allowance.agentId),
      person: await names.person(allowance.personId),
      givers: await Promise.all(givenBy.map((id) => names.person(id))),
      overtaken: catalog.actions.get(allowance.action)?.digest !== allowance.definition,
    })),
  )
}
