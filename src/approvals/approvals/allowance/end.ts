import { isAdministrator, type Person } from '../../../identity/people/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Reader, Tx } from '../../../platform/storage/index.ts'
import type { ApprovalParts } from '../../access-requests/index.ts'
import { answersTo } from '../answer-store.ts'
import type { Allowance } from './allowance.ts'
import {
  allowancesOfTasks,
  markAllowanceEnded,
  readAllowance,
  unendedAllowances,
} from './allowance-store.ts'
import { aboutAllowance } from './record.ts'

/**
 * An allowance, for someone it concerns: who gave it, on whose behalf it is used, an administrator.
 * @throws Problem `allowance.unknown`, for everyone else too
 */
export async function findAllowance(
  parts: Pick<ApprovalParts, 'storage'>,
  allowanceId: string,
  person: Person,
): Promise<Allowance> {
  return concerning(parts.storage.read, allowanceId, person)
}

async function concerning(db: Reader, allowanceId: string, person: Person): Promise<Allowance> {
  const allowance = await readAllowance(db, allowanceId)
  if (allowance && (await concerns(db, allowance, person))) return allowance
  throw new Problem('allowance.unknown', 'there is no such allowance')
}

async function concerns(db: Reader, allowance: Allowance, person: Person): Promise<boolean> {
  if (isAdministrator(person) || allowance.personId === person.id) return true
  const answers = await answersTo(db, allowance.requestId)
  return answers.some(({ answer, personId }) => answer === 'approve' && personId === person.id)
}

/**
 * Ends an allowance; any one whom it concerns can. When it has returned, no call is reserved by it any more. Ending
 * what has ended is no error.
 * @throws Problem `allowance.unknown`
 */
export async function endAllowance(
  parts: Pick<ApprovalParts, 'storage' | 'ledger' | 'clock'>,
  ending: { readonly allowanceId: string; readonly person: Person },
): Promise<Allowance> {
  return parts.storage.lanes.revocation.transaction(async (tx) => {
    const allowance = await concerning(tx, ending.allowanceId, ending.person)
    await recordAllowanceEnd(parts, tx, allowance, ending.person.id)
    return (await readAllowance(tx, allowance.id)) ?? allowance
  })
}

/** Part of closing tasks: allowances tied to them end with them. */
export async function endAllowancesOf(
  parts: Pick<ApprovalParts, 'ledger' | 'clock'>,
  tx: Tx,
  taskIds: readonly string[],
): Promise<void> {
  for (const allowance of await allowancesOfTasks(tx, taskIds))
    await recordAllowanceEnd(parts, tx, allowance, 'task.closed')
}

async function recordAllowanceEnd(
  parts: Pick<ApprovalParts, 'ledger' | 'clock'>,
  tx: Tx,
  allowance: Allowance,
  by: string,
): Promise<void> {
  if (!(await markAllowanceEnded(tx, allowance.id, { at: parts.clock.now(), by }))) return
  await parts.ledger.append(tx, aboutAllowance('allowance.ended', allowance, { by }))
}

const AT_ONCE = 100

/** Every allowance that has not ended, some at a time. Answers how many. */
export async function endAllAllowances(
  parts: Pick<ApprovalParts, 'storage' | 'ledger' | 'clock'>,
  by: string,
): Promise<number> {
  let count = 0
  for (;;) {
    const open = await unendedAllowances(parts.storage.read, AT_ONCE)
    if (open.length === 0) return count
    await parts.storage.lanes.revocation.transaction(async (tx) => {
      for (const allowance of open) await recordAllowanceEnd(parts, tx, allowance, by)
    })
    count += open.length
  }
}
