import { retireAgent } from '../../identity/agents/index.ts'
import { forgetRegistration } from '../../identity/opaque-tokens/index.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import { basesOfAgent } from '../../tasks/consent/index.ts'
import { listTasks, unusedClients } from '../../tasks/tasks/index.ts'
import type { GrantParts } from '../grants/index.ts'

const AT_ONCE = 500

/**
 * Retires agents that registered themselves and are unused: so many days without a task, and without any consent.
 * Their registrations go with them. Answers how many there were.
 * INVARIANT: never before everything that they ever got is over: a task ends its tokens, and no task lasts longer than a day.
 */
export async function forgetUnusedClients(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  { keptDays }: { readonly keptDays: number },
): Promise<number> {
  if (keptDays === 0) return 0
  const before = parts.clock.now() - Math.max(keptDays, 2) * DAY
  let forgotten = 0
  for (let after: string | undefined = ''; after !== undefined; ) {
    const { ids, next } = await unusedClients(parts.storage.read, {
      ...{ after, before, looks: AT_ONCE },
      now: parts.clock.now(),
    })
    for (const id of ids)
      if (await isUnused(parts, id, before)) forgotten += await forget(parts, id)
    after = next
  }
  return forgotten
}

async function isUnused(
  { clock, storage }: Pick<GrantParts, 'clock' | 'storage'>,
  agentId: string,
  before: number,
): Promise<boolean> {
  const now = clock.now()
  if ((await basesOfAgent(storage.read, { agentId, now, limit: 1 })).length > 0) return false
  const tasks = await listTasks(storage.read, { agentId, limit: 1 })
  // The time when it was over, not when a sweep wrote that down.
  return tasks.every(({ closedAt, deadline }) => Math.min(closedAt ?? deadline, deadline) < before)
}

async function forget(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  id: string,
): Promise<number> {
  await retireAgent(parts, { agentId: id, by: 'system', reason: 'it was not used' })
  await parts.storage.transaction((tx) => forgetRegistration(tx, id))
  return 1
}
