import type { LedgerEvent } from '../../platform/ledger/index.ts'
import { Guard, type Reader, type Step } from '../../platform/storage/index.ts'
import { insertCountsQuery } from '../budgets/index.ts'
import { holdBasesStep } from '../consent/index.ts'
import { insertIssuersQuery } from './holders.ts'
import type { Task, TaskParts } from './task.ts'
import { insertTaskQuery, usableKeyQuery } from './task-store.ts'

/** Fails for a key, or a certificate, that another task had. */
export const KEY_GUARD = new Guard('task key', [
  'task.key_used',
  'the key belongs to another task: make a new key (or certificate) and send the request with that',
])

/** Guards that a key can become one of a task that a code opened, beside the one it began with. */
export function usableKeyStep(db: Reader, of: Parameters<typeof usableKeyQuery>[1]): Step {
  return { guard: KEY_GUARD, query: usableKeyQuery(db, of), rows: 1 }
}

/**
 * Steps that write a new task: its row, its budget, its first live state, its record. For the
 * transaction that uses up the tokens. `sharesKey`: its key may be that of other tasks of its agent
 * that codes opened.
 */
export function openSteps(
  parts: Pick<TaskParts, 'storage' | 'ledger' | 'live'>,
  task: Task,
  record: Partial<LedgerEvent>,
  guards: readonly Step[] = [],
  { sharesKey = false }: { readonly sharesKey?: boolean } = {},
): Step[] {
  const guarded = task.parentId !== null || task.openedBy === 'sponsor'
  if (guarded && guards.length === 0)
    throw new TypeError('a task under something, without the guards of that')
  return [
    ...(task.bases.length > 0
      ? [holdBasesStep(parts.storage.read, task.bases, task.openedAt)]
      : []),
    ...guards,
    { guard: KEY_GUARD, query: insertTaskQuery(parts.storage.read, task, { sharesKey }), rows: 1 },
    ...(task.budget.length > 0
      ? [
          {
            name: 'budget',
            query: insertCountsQuery(parts.storage.read, task.id, task.budget),
            rows: task.budget.length,
          },
        ]
      : []),
    ...(task.issuers.length > 0
      ? [
          {
            name: 'issuers',
            query: insertIssuersQuery(parts.storage.read, task),
            rows: task.issuers.length,
          },
        ]
      : []),
    parts.live.beginStep({ kind: 'task', id: task.id }),
    parts.ledger.appendStep({
      ...record,
      type: 'task.opened',
      task: task.id,
      person: task.personId,
      agent: task.agentId,
      ...(task.keyThumbprint === null ? {} : { thumbprint: task.keyThumbprint }),
      facts: {
        details: task.details,
        bases: task.bases,
        deadline: task.deadline,
        ...(task.idleMs === null ? {} : { idle_ms: task.idleMs }),
        ...(task.budget.length === 0 ? {} : { budget: task.budget }),
        ...(task.parentId === null ? {} : { parent: task.parentId }),
        ...(task.sponsorGrantId === null ? {} : { sponsor_grant: task.sponsorGrantId }),
        ...(task.openedBy === 'assertion' ? { opened_by: task.openedBy } : {}),
        ...(task.issuers.length === 0 ? {} : { issuers: task.issuers }),
        ...(task.actors.length === 0 ? {} : { actors: task.actors }),
      },
      private: { purpose: task.purpose },
    }),
  ]
}
