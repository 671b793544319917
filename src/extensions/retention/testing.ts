import { ledgerOn } from '../../platform/ledger/testing.ts'
import { type ManualClock, manualClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { insertDecisionQuery, type StoredDecision } from '../../tasks/decision-log/index.ts'
import { beginRetention } from './hold-store.ts'
import type { ErasureParts } from './parts.ts'
import { DAY_MS, type RetentionRules } from './rules.ts'

export const FOR_EVER: RetentionRules = {
  arguments: 0,
  strangers: 0,
  notices: 0,
  permits: 0,
  refusals: 0,
  requests: 0,
  tasks: 0,
}

export type RetentionTestParts = Omit<ErasureParts, 'clock' | 'ledger'> & {
  readonly clock: ManualClock
  readonly ledger: ReturnType<typeof ledgerOn>
}

/** Retention on this store, by these rules. */
export async function retentionOn(
  storage: Storage,
  rules: Partial<RetentionRules> = {},
): Promise<RetentionTestParts> {
  const clock = manualClock()
  clock.advance(400 * DAY_MS)
  await storage.transaction(beginRetention)
  const ledger = ledgerOn(storage, { clock })
  const master = { derive: () => Buffer.alloc(32, 7) }
  return { storage, ledger, clock, master, random: systemRandom, rules: { ...FOR_EVER, ...rules } }
}

/** A decision that was made some days ago, with its record and an argument beside it. */
export async function decided(
  parts: RetentionTestParts,
  id: `dec_${string}`,
  { daysAgo, ...of }: Partial<StoredDecision> & { readonly daysAgo: number },
): Promise<void> {
  const { clock, ledger, storage } = parts
  const decision: StoredDecision = {
    ...{ id, taskId: 'tsk_1', personId: 'psn_1', agentId: 'bot', resource: 'orders' },
    ...{ action: 'orders.read', outcome: 'permit', reason: 'permitted', callHash: null },
    ...{ policyVersion: 1, requestId: null, allowanceId: null, explanation: { gates: [] } },
    ...{ state: 'answered', status: 200, replicaId: 'rpl_1', endedAt: null, presumedAt: null },
    at: clock.now() - daysAgo * DAY_MS,
    ...of,
  }
  const { agentId, personId, resource, taskId } = decision
  const now = clock.now()
  clock.advance(decision.at - now)
  const intent = {
    type: 'decision.intent',
    decisionId: id,
    person: personId ?? undefined,
    agent: agentId ?? undefined,
    task: taskId ?? undefined,
    resource: resource ?? undefined,
    private: { arguments: { note: `words of ${id}` } },
  }
  await storage.commit([
    {
      name: 'decision',
      query: insertDecisionQuery(storage.read, decision, { inputs: '{"args":[]}', setting: null }),
      rows: 1,
    },
    ledger.appendStep(intent),
  ])
  clock.advance(now - decision.at)
  await ledger.sequence()
}

/** Ids of the decisions that are there. */
export async function left({ storage }: RetentionTestParts): Promise<readonly string[]> {
  const rows = await storage.read.selectFrom('decisions').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

/** A record of the ledger, as far as tests of retention read it. */
export interface RecordBody {
  readonly type: string
  readonly by?: string
  readonly person?: string
  readonly reason?: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** Reads all records of the ledger. */
export async function records({ ledger }: RetentionTestParts): Promise<readonly RecordBody[]> {
  await ledger.sequence()
  return (await ledger.records(0, 1_000)).map(({ record }) => JSON.parse(record))
}
