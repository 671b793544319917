import { findAgent } from '../../identity/agents/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import { findSpace } from '../../identity/spaces/index.ts'
import { newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { insertCountsQuery } from './budget-store.ts'
import type { BudgetParts, Limit } from './limit.ts'
import { countLimits, findLimitBy, insertLimit, updateLimit } from './limit-store.ts'
import { EVERYTHING, LIMITS, type LimitSubject, type StandingLimit } from './standing-limit.ts'

/** Bounded work for every call. */
export const MAX_STANDING = 16

export interface LimitSetting {
  readonly subject: LimitSubject
  readonly eachTask: boolean
  /** Read by `readBudget`. */
  readonly limit: Limit
  readonly by: string
}

/**
 * Sets a standing limit, or how much there may be of one that is there: used amounts stay used. When it has returned, no
 * replica permits a call without it. A new one counts from now on.
 * @throws Problem `limit.unknown_subject`, `limit.too_many`
 */
export async function setLimit(parts: BudgetParts, setting: LimitSetting): Promise<StandingLimit> {
  const now = parts.clock.now()
  const id = newId('limit', parts.random)
  const { change, limit } = await parts.storage.lanes.revocation.transaction(async (tx) => {
    await requireSubject(tx, setting.subject)
    const limit = await writeLimit(tx, setting, { id, now })
    await parts.ledger.append(tx, {
      type: 'limit.set',
      by: setting.by,
      facts: inRecord(limit),
    })
    return { limit, change: await parts.live.raise(tx, [{ ...LIMITS, state: 'active' }]) }
  })
  await parts.live.settle(change)
  return limit
}

async function writeLimit(
  tx: Tx,
  { by, eachTask, limit, subject }: LimitSetting,
  { id, now }: { readonly id: StandingLimit['id']; readonly now: number },
): Promise<StandingLimit> {
  const known = await findLimitBy(tx, { subject, eachTask, name: limit.name })
  if (known) {
    const changed = { ...known, limit, changedAt: now, changedBy: by }
    await updateLimit(tx, changed)
    return changed
  }
  if ((await countLimits(tx, subject)) >= MAX_STANDING)
    throw new Problem('limit.too_many', `it already has ${MAX_STANDING} limits`)
  const made = { id, subject, eachTask, limit, createdAt: now, changedAt: now, changedBy: by }
  await insertLimit(tx, made)
  // Each task counts its own.
  if (!eachTask) await tx.executeQuery(insertCountsQuery(tx, id, [limit]).compile())
  return made
}

/** Requires an existing subject of the limit. */
async function requireSubject(tx: Tx, { id, kind }: LimitSubject): Promise<void> {
  const known = {
    organization: async () => id === EVERYTHING.id,
    person: async () => (await findPerson(tx, id)) !== undefined,
    agent: async () => (await findAgent(tx, id)) !== undefined,
    space: async () => (await findSpace(tx, id)) !== undefined,
  }[kind]
  if (!(await known())) throw new Problem('limit.unknown_subject', `there is no ${kind} \`${id}\``)
}

export function inRecord({ eachTask, id, limit, subject }: StandingLimit) {
  return {
    limit_id: id,
    subject: { kind: subject.kind, id: subject.id },
    each_task: eachTask,
    limit: { ...limit },
  }
}
