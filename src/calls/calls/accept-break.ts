import { voidRequests } from '../../approvals/access-requests/index.ts'
import { endAllAllowances } from '../../approvals/approvals/index.ts'
import { cancelAllDeferrals } from '../../grants/grants/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { closeAllTasks, type TaskParts, unclosedTasks } from '../../tasks/tasks/index.ts'

const REASON = 'ledger.inconsistent'

/** Counts of voided tasks and approvals, so that nothing rests on missing records. */
export interface AcceptedBreak {
  readonly closedTasks: number
  readonly voidedRequests: number
  readonly endedAllowances: number
}

/**
 * Goes on, for an administrator, with a ledger that does not contain all that was signed. A missing record may be the end of a task, or
 * the use of an approval, so every open task is closed, and every approval, allowance and waiting token request ends:
 * first that, then the record, and from then on calls and openings are judged again.
 * @throws Problem `ledger.no_break`, `ledger.inconsistent` where the tree itself is damaged
 */
export async function acceptBreak(
  parts: TaskParts & { readonly ledger: Pick<Ledger, 'acceptBreak' | 'openBreak'> },
  { by, history }: { readonly by: string; readonly history: number },
): Promise<AcceptedBreak> {
  const found = await parts.ledger.openBreak()
  if (found?.history !== history)
    throw new Problem('ledger.no_break', `no break is waiting to be accepted as history ${history}`)
  const closedTasks = await closeAllTasks(parts, { by, reason: REASON })
  const voidedRequests = await voidRequests(parts, REASON)
  const endedAllowances = await endAllAllowances(parts, by)
  await parts.ledger.acceptBreak(history, by, {
    facts: {
      closed_tasks: closedTasks,
      voided_requests: voidedRequests,
      ended_allowances: endedAllowances,
    },
    ready: async (tx) => {
      await cancelAllDeferrals(tx)
      // INVARIANT: nothing that was open before the break is open after it.
      if ((await unclosedTasks(tx, 1)).length > 0)
        throw new Problem('ledger.inconsistent', 'a task was opened in the meantime; try again')
    },
  })
  return { closedTasks, voidedRequests, endedAllowances }
}
