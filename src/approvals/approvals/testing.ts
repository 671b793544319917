import type { Ask } from '@remit/engine'
import {
  loadSigningKeys,
  type MasterKey,
  openMasterKey,
  type SigningKeys,
} from '../../platform/keys/index.ts'
import { Ledger } from '../../platform/ledger/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { type ManualClock, manualClock } from '../../platform/lib/clock.ts'
import { type Id, newId } from '../../platform/lib/id.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import type { Storage, Tx } from '../../platform/storage/index.ts'
import type { AccessRequest } from '../access-requests/access-request.ts'
import { attachRequest, type RequestDraft } from '../access-requests/attach.ts'
import type { FrozenCall } from '../access-requests/frozen-call.ts'
import type { ApprovalParts } from '../access-requests/parts.ts'

export interface TestParts extends ApprovalParts {
  readonly issuer: string
  readonly clock: ManualClock
  readonly ledger: Ledger
  readonly keys: SigningKeys
  readonly master: MasterKey
  /** Records, oldest first. */
  recorded(): Promise<TestRecord[]>
}

/** Members of a record that tests look at. */
export interface TestRecord {
  readonly type: string
  readonly agent?: string
  readonly person?: string
  readonly by?: string
  readonly decision_id?: string
  readonly token_id?: string
  readonly commitments?: Readonly<Record<string, string>>
  readonly facts?: { readonly [name: string]: unknown }
  readonly outcome?: string
  readonly reason?: string
  readonly request_id?: string
  readonly task?: string
}

/** The parts of this room over an open store: real ledger, real keys, a clock that stands still. */
export async function testParts(storage: Storage): Promise<TestParts> {
  const clock = manualClock()
  const random = systemRandom
  const value = new Secret(base64url(random.bytes(32)))
  const master = await openMasterKey({ directory: '/nowhere', value, random })
  const keys = await loadSigningKeys({ storage, master, clock, random })
  const ledger = new Ledger({
    storage,
    key: keys.ledger,
    origin: 'remit.example/test',
    clock,
    random,
  })
  return {
    storage,
    clock,
    random,
    keys,
    master,
    ledger,
    issuer: 'https://remit.example',
    async recorded() {
      await ledger.sequence()
      const records = await ledger.records(0, 1000)
      return records.map(({ record }) => JSON.parse(record) as TestRecord) // as: the members that tests look at
    },
  }
}

/** A person in the books, active and alive. */
export async function addPerson(
  { clock, random, storage }: Pick<TestParts, 'clock' | 'random' | 'storage'>,
  ...groups: string[]
): Promise<{ id: Id<'person'> }> {
  const id = newId('person', random)
  const now = clock.now()
  await storage.transaction(async (tx) => {
    await tx
      .insertInto('persons')
      .values({
        id,
        issuer: 'https://idp.example',
        subject: id,
        name: `Person ${id.slice(4, 8)}`,
        email: null,
        status: 'active',
        created_at: now,
        last_seen_at: now,
      })
      .execute()
    await tx
      .insertInto('live_epochs')
      .values({ kind: 'person', id, epoch: 1, state: 'active' })
      .execute()
    for (const name of groups) await join(tx, id, name)
  })
  return { id }
}

async function join(tx: Tx, personId: string, group: string): Promise<void> {
  await tx
    .insertInto('groups')
    .values({ name: group, description: '', created_at: 0 })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  await tx
    .insertInto('memberships')
    .values({ person_id: personId, group_name: group, source: 'manual' })
    .execute()
}

export async function leaveGroup({ storage }: TestParts, id: string, group: string): Promise<void> {
  await storage.transaction(async (tx) => {
    await tx
      .deleteFrom('memberships')
      .where('person_id', '=', id)
      .where('group_name', '=', group)
      .execute()
  })
}

export async function suspend({ storage }: TestParts, id: string): Promise<void> {
  await storage.transaction(async (tx) => {
    await tx.updateTable('persons').set({ status: 'suspended' }).where('id', '=', id).execute()
  })
}

export function anAsk(over: Partial<Ask> = {}): Ask {
  return {
    forbids: [{ id: 'large-refunds-ask', digest: 'd1' }],
    approvers: [['group:finance']],
    quorum: 1,
    lifetimeSeconds: 3600,
    risk: 'high',
    self: false,
    prompts: [],
    ...over,
  }
}

export function aCall(over: Partial<FrozenCall> = {}): FrozenCall {
  return {
    person: 'psn_maria',
    chain: ['refund-bot'],
    task: 'tsk_1',
    resource: 'orders',
    upstream: 'https://orders.example',
    definition: 'def1',
    action: 'orders.refund',
    method: 'POST',
    path: '/orders/1042/refunds',
    query: [],
    headers: [['accept', 'application/json']],
    body: { kind: 'json', value: { amount: '900.00' } },
    ...over,
  }
}

/** Request that waits for an answer about a refund, as it is stored; asked at `now`. */
export function aRequest(now: number, over: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: 'req_1',
    taskId: 'tsk_1',
    personId: 'psn_maria',
    agentId: 'refund-bot',
    resource: 'orders',
    action: 'orders.refund',
    callHash: 'h',
    call: '{}',
    text: 'Refund 900.00',
    templateDigest: 't',
    ask: anAsk(),
    deadline: now + 2 * HOUR,
    inspected: null,
    sponsored: false,
    policyVersion: 1,
    risk: 'high',
    nonce: 'n',
    decisionId: 'dec_1',
    state: 'pending',
    reason: null,
    createdAt: now,
    expiresAt: now + HOUR,
    answeredAt: null,
    answerHash: null,
    usesLeft: 0,
    usedBy: null,
    usableUntil: null,
    ...over,
  }
}

/** Makes a task ask about a call. */
export function anAsking(
  parts: TestParts,
  person: { id: Id<'person'> },
  over: Partial<RequestDraft> = {},
): RequestDraft {
  const taskId = over.taskId ?? newId('task', parts.random)
  return {
    call: aCall({ person: person.id, task: taskId }),
    taskId,
    personId: person.id,
    agentId: 'refund-bot',
    deadline: parts.clock.now() + 24 * HOUR,
    text: 'Refund 900.00 on order "1042"',
    templateDigest: 't1',
    ask: anAsk(),
    inspected: [
      { path: '/order_id', kind: 'string', text: '1042' },
      { path: '/amount', kind: 'decimal', text: '900.00' },
    ],
    sponsored: false,
    policyVersion: 1,
    decisionId: newId('decision', parts.random),
    insufficient: [],
    ...over,
  }
}

/** The request that an asking leads to. */
export async function attached(parts: TestParts, asking: RequestDraft): Promise<AccessRequest> {
  const done = await parts.storage.transaction((tx) => attachRequest(parts, tx, asking))
  if ('refusal' in done) throw new Error(done.refusal.reason)
  return done.request
}
