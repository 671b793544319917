import type { Id } from '../../platform/lib/id.ts'
import type { Reader, Tx } from '../../platform/storage/index.ts'
import type { ClassName } from './rules.ts'
import type { Cursor } from './subject.ts'
import { RETENTION_TABLES } from './tables.ts'

/** Erasure of a person's data, as they asked for. */
export interface PersonErasure {
  readonly id: Id<'person_erasure'>
  readonly personId: string
  /** Class that is being erased. */
  readonly class: ClassName
  readonly cursorAt: number
  readonly cursorId: string
  readonly askedBy: string
  readonly askedAt: number
  readonly erased: number
  /** Number that a legal hold kept. */
  readonly held: number
  readonly doneAt: number | null
}

const ERASURES = RETENTION_TABLES.codec('person_erasures').of<PersonErasure>()

export async function insertErasure(tx: Tx, erasure: PersonErasure): Promise<void> {
  await RETENTION_TABLES.in(tx)
    .insertInto('person_erasures')
    .values(ERASURES.write(erasure))
    .execute()
}

export async function listErasures(
  db: Reader,
  { limit, open }: { readonly open: boolean; readonly limit: number },
): Promise<PersonErasure[]> {
  let query = RETENTION_TABLES.in(db).selectFrom('person_erasures').select(ERASURES.columns)
  if (open) query = query.where('done_at', 'is', null)
  const rows = await query.orderBy('asked_at', 'desc').orderBy('id').limit(limit).execute()
  return rows.map(ERASURES.read)
}

/** Reads the states of the accounts of these people, by id. */
export async function accountsOf(
  db: Reader,
  erasures: readonly PersonErasure[],
): Promise<ReadonlyMap<string, string>> {
  if (erasures.length === 0) return new Map()
  const ids = [...new Set(erasures.map(({ personId }) => personId))]
  const rows = await db
    .selectFrom('persons')
    .select(['id', 'status'])
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map(({ id, status }) => [id, status]))
}

/** Moves on. Answers false where another replica was there first. */
export async function moveErasure(
  tx: Tx,
  { class: name, cursorAt, cursorId, id }: PersonErasure,
  move: {
    readonly to: Cursor & { readonly class: ClassName }
    readonly erased: number
    readonly held: number
    readonly doneAt: number | null
  },
): Promise<boolean> {
  const { numUpdatedRows } = await RETENTION_TABLES.in(tx)
    .updateTable('person_erasures')
    .set((eb) => ({
      ...{ class: move.to.class, cursor_at: move.to.at, cursor_id: move.to.id },
      erased: eb('erased', '+', move.erased),
      held: eb('held', '+', move.held),
      done_at: move.doneAt,
    }))
    .where('id', '=', id)
    .where('class', '=', name)
    .where('cursor_at', '=', cursorAt)
    .where('cursor_id', '=', cursorId)
    .where('done_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
