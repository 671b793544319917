import type { Detail, KindOf } from '@remit/engine'
import { addPerson, type TestParts, testParts } from '../../approvals/approvals/testing.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { newId } from '../../platform/lib/id.ts'
import { Live, ORGANIZATION } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { timedBy } from '../../platform/storage/testing.ts'
import { openSteps } from './open.ts'
import type { Task } from './task.ts'
import { ancestorsOf, findTask } from './task-store.ts'
import { joinTreeSteps } from './tree-store.ts'

export type TaskTestParts = TestParts & { readonly live: Live }

/** The parts of this room over an open store, alive. Stop `live` when done. */
export async function taskTestParts(storage: Storage): Promise<TaskTestParts> {
  const parts = await testParts(storage)
  const live = new Live({ ...parts, storage: timedBy(storage, parts.clock) })
  await storage.transaction((tx) => live.begin(tx, ORGANIZATION))
  await live.start()
  return { ...parts, live }
}

export const LOCATION = 'https://gw.example/orders'

export function may(action: string, ...bounds: Detail['bounds']): Detail {
  return { type: 'remit_call', locations: [LOCATION], actions: [action], bounds }
}

export const kindOf: KindOf = (_location, _action, path) =>
  path === '/amount' ? 'decimal' : path === '/order_id' ? 'string' : undefined

/** A task that could be opened now. */
export function aTask(parts: Pick<TestParts, 'clock' | 'random'>, over: Partial<Task> = {}): Task {
  const id = newId('task', parts.random)
  const now = parts.clock.now()
  return {
    id,
    rootId: id,
    parentId: null,
    personId: newId('person', parts.random),
    agentId: 'refund-bot',
    purpose: 'refund order 1042',
    details: [may('orders.read')],
    mayDelegate: [],
    bases: [],
    spaceId: null,
    threadId: null,
    authTime: null,
    acr: null,
    keyThumbprint: base64url(parts.random.bytes(32)),
    openedBy: 'exchange',
    sponsored: false,
    sponsorGrantId: null,
    issuers: [],
    actors: [],
    budget: [],
    idleMs: null,
    state: 'open',
    openedAt: now,
    deadline: now + 3_600_000,
    closedAt: null,
    closeReason: null,
    ...over,
  }
}

/** A task that is open. */
export async function openedTask(parts: TaskTestParts, over: Partial<Task> = {}): Promise<Task> {
  const task = aTask(parts, over)
  const { read } = parts.storage
  const parent = task.parentId === null ? undefined : await findTask(read, task.parentId)
  const line = parent ? [parent, ...(await ancestorsOf(read, parent))].map(({ id }) => id) : []
  const guards = parent ? joinTreeSteps(read, { ...task, parentId: parent.id }, line) : []
  const done = await parts.storage.commit(openSteps(parts, task, {}, guards))
  if (!done.committed) throw new Error(`not opened: ${done.failed.name}`)
  return task
}

export async function openedChild(parts: TaskTestParts, parent: Task): Promise<Task> {
  const { bases, personId, rootId } = parent
  return openedTask(parts, { bases, personId, rootId, parentId: parent.id })
}

export { addPerson }
