import type { Reader } from '../../platform/storage/index.ts'
import { classesOf } from './classes.ts'
import { accountsOf, listErasures, type PersonErasure } from './erasure-store.ts'
import { isHeld, type LegalHold } from './hold.ts'
import { listHolds, readHolds } from './hold-store.ts'
import type { RetentionParts } from './parts.ts'
import { readProgress } from './progress-store.ts'
import { CLASSES, type ClassName, DAY_MS, daysOf } from './rules.ts'
import { START } from './subject.ts'

/** Rows that are looked at to say what would go next. */
const MAX_LOOKED_AT = 1_000
const MAX_ERASURES = 50

/** State of a class. */
export interface ClassState {
  readonly name: ClassName
  /** `undefined`: for ever. */
  readonly days: number | undefined
  /** Number that went by this rule so far, and when something last did. */
  readonly erased: number
  readonly erasedAt: number | null
  /** Number that would go now, of those looked at. */
  readonly due: number
  /** Number of these that a hold keeps. */
  readonly held: number
  /** True: there may be more than was looked at. */
  readonly more: boolean
}

export interface RetentionState {
  readonly classes: readonly ClassState[]
  readonly holds: readonly LegalHold[]
  readonly erasures: readonly ErasureStatus[]
}

/** Erasure, and what becomes of the account. `held`: a legal hold keeps it. */
export interface ErasureStatus extends PersonErasure {
  readonly account: 'stays' | 'goes' | 'held' | 'erased'
}

/** Shows the rules of retention, the holds, the next deletion, and past ones. Changes nothing. */
export async function showRetention(parts: RetentionParts): Promise<RetentionState> {
  const { read } = parts.storage
  return {
    classes: await Promise.all(CLASSES.map((name) => stateOf(parts, name))),
    holds: await listHolds(read, { standing: true }),
    erasures: await withAccounts(
      read,
      await listErasures(read, { open: false, limit: MAX_ERASURES }),
    ),
  }
}

async function withAccounts(
  db: Reader,
  erasures: readonly PersonErasure[],
): Promise<readonly ErasureStatus[]> {
  const accounts = await accountsOf(db, erasures)
  return erasures.map((erasure) => ({
    ...erasure,
    account: fateOfAccount(accounts.get(erasure.personId), erasure),
  }))
}

/** Says what becomes of an account of this status. */
export function fateOfAccount(
  status: string | undefined,
  { doneAt }: PersonErasure,
): ErasureStatus['account'] {
  if (status === 'erased') return 'erased'
  if (status !== 'ended') return 'stays'
  return doneAt === null ? 'goes' : 'held'
}

async function stateOf(parts: RetentionParts, name: ClassName): Promise<ClassState> {
  const { read } = parts.storage
  const days = daysOf(parts.rules, name)
  const { erased = 0, erasedAt = null, cursor = START } = (await readProgress(read, name)) ?? {}
  const state = { name, days, erased, erasedAt }
  if (days === undefined) return { ...state, due: 0, held: 0, more: false }
  const before = parts.clock.now() - days * DAY_MS
  const query = { after: cursor, before, limit: MAX_LOOKED_AT }
  const { candidates, next } = await classesOf(parts)[name].page(read, query)
  const holds = await readHolds(read)
  const held = candidates.filter(({ about }) => isHeld(holds, about)).length
  return { ...state, due: candidates.length - held, held, more: next !== undefined }
}
