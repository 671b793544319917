import { setImmediate as turn } from 'node:timers/promises'
import type { CandidatePage, KeptClass } from './class.ts'
import { classesOf } from './classes.ts'
import { type Holds, isHeld } from './hold.ts'
import { holdsAreAsRead, readHolds } from './hold-store.ts'
import type { RetentionParts } from './parts.ts'
import { beginPass, moveCursor, type Progress, readProgress } from './progress-store.ts'
import { CLASSES, type ClassName, DAY_MS, daysOf } from './rules.ts'
import type { Candidate } from './subject.ts'

/** Rows in one transaction: calls wait behind it on SQLite, so it is some milliseconds. */
export const AT_ONCE = 250
/** Time after which a class is looked at from its beginning again. */
const PASS_MS = DAY_MS

/** Bounds of one round. */
export interface SweepOptions {
  /** Rows in one transaction. */
  readonly atOnce?: number
  /** Asked before each transaction: false ends the round. */
  readonly goesOn?: () => boolean
  /** Rests between two transactions, so that calls get their turn. Default: one turn of the event loop. */
  readonly rest?: () => Promise<void>
}

/** Deletes and erases what the rules say, one class after the other. Answers how much went of each. */
export async function sweep(
  parts: RetentionParts,
  options: SweepOptions = {},
): Promise<Readonly<Partial<Record<ClassName, number>>>> {
  const went: Partial<Record<ClassName, number>> = {}
  for (const name of CLASSES) {
    const days = daysOf(parts.rules, name)
    if (days !== undefined) went[name] = await sweepClass(parts, { name, days }, options)
  }
  return went
}

interface Rule {
  readonly name: ClassName
  readonly days: number
}

async function sweepClass(
  parts: RetentionParts,
  rule: Rule,
  { atOnce = AT_ONCE, goesOn = () => true, rest = () => turn() }: SweepOptions,
): Promise<number> {
  const kept = classesOf(parts)[rule.name]
  const before = parts.clock.now() - rule.days * DAY_MS
  let count = 0
  while (goesOn()) {
    const holds = await readHolds(parts.storage.read)
    const { isNew, progress } = await currentPass(parts, rule.name)
    if (!progress) return count
    if (isNew) await kept.tidy?.(parts.storage, { before, goesOn, rest })
    const page = await kept.page(parts.storage.read, {
      after: progress.cursor,
      before,
      limit: atOnce,
    })
    const done = await eraseDue(parts, { rule, kept, holds, page, progress })
    // A hold came in between: look again. Where another replica was faster, it goes on with the class.
    if (done === 'holds changed') continue
    if (done === 'overtaken') return count
    count += done
    if (!page.next) return count
    await rest()
  }
  return count
}

/** The pass that goes on, or a new one once a day. `undefined`: another replica begins it. */
async function currentPass(
  { clock, storage }: RetentionParts,
  name: ClassName,
): Promise<{ readonly progress: Progress | undefined; readonly isNew: boolean }> {
  const progress = await readProgress(storage.read, name)
  const now = clock.now()
  if (progress && progress.beganAt > now - PASS_MS) return { progress, isNew: false }
  const isNew = await storage.transaction((tx) => beginPass(tx, name, { before: progress, now }))
  return { progress: isNew ? await readProgress(storage.read, name) : undefined, isNew }
}

interface DuePage {
  readonly rule: Rule
  readonly kept: KeptClass
  readonly holds: Holds
  readonly page: CandidatePage
  readonly progress: Progress
}

/**
 * Erases what no hold covers, moves on, and records it, all or nothing.
 * INVARIANT: the transaction names the holds that were looked at, and changes nothing once there are others.
 */
async function eraseDue(
  parts: RetentionParts,
  { holds, kept, page, progress, rule }: DuePage,
): Promise<number | 'holds changed' | 'overtaken'> {
  const due = page.candidates.filter(({ about }) => !isHeld(holds, about))
  const to = page.next ?? page.candidates.at(-1)?.cursor
  if (!to) return 0
  const now = parts.clock.now()
  return parts.storage
    .transaction(
      async (tx) => {
        // INVARIANT, second look: nothing is deleted by what holds were before.
        if (!(await holdsAreAsRead(tx, holds))) return 'holds changed'
        const count = await kept.erase(tx, due)
        const { beganAt, cursor } = progress
        if (!(await moveCursor(tx, rule.name, { cursor, to, beganAt, count, now })))
          throw new SweepConflict()
        if (count > 0)
          await parts.ledger.append(tx, {
            type: 'retention.swept',
            by: 'system',
            reason: 'retention.rule',
            facts: {
              class: rule.name,
              days: rule.days,
              count,
              held: page.candidates.length - due.length,
              ...spanOf(due),
            },
          })
        return count
      },
      { erases: true },
    )
    .catch((error: unknown) => {
      if (error instanceof SweepConflict) return 'overtaken' as const
      throw error
    })
}

/** Rolls back what another replica has done already. */
class SweepConflict extends Error {}

/** Times between which all of it was made. */
export function spanOf(due: readonly Candidate[]): { readonly from: string; readonly to: string } {
  const times = due.flatMap(({ about: [own] }) => (own ? [own.at] : []))
  const isoTime = (time: number) => new Date(time).toISOString()
  return { from: isoTime(Math.min(...times)), to: isoTime(Math.max(...times)) }
}
