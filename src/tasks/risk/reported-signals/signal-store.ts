import { codec, type Reader, type Tx } from '../../../platform/storage/index.ts'
import type { RaisedSignal } from '../assess.ts'

export const SUBJECT_KINDS = ['agent', 'person', 'task'] as const
export type SubjectKind = (typeof SUBJECT_KINDS)[number]

export interface SignalSubject {
  readonly kind: SubjectKind
  readonly id: string
}

export interface StoredSignal extends RaisedSignal {
  readonly subject: SignalSubject
  /** Source of the signal: `source:<name>`, or a person. */
  readonly source: string
  readonly raisedAt: number
  readonly expiresAt: number
}

const SIGNALS = codec('risk_signals').of<StoredSignal>({
  read: {
    subject: (row) => ({ kind: row.subject_kind as SubjectKind, id: row.subject_id }), // as: a CHECK of the table
  },
  write: { subject_kind: ({ subject }) => subject.kind, subject_id: ({ subject }) => subject.id },
})

/**
 * Selects the signals about any of these that have not expired at that time, the last to expire
 * first.
 */
export async function selectSignals(
  db: Reader,
  subjects: readonly SignalSubject[],
  at: number,
): Promise<StoredSignal[]> {
  const rows = await db
    .selectFrom('risk_signals')
    .selectAll()
    .where(({ and, eb, or }) =>
      or(
        subjects.map(({ id, kind }) =>
          and([eb('subject_kind', '=', kind), eb('subject_id', '=', id)]),
        ),
      ),
    )
    .where('expires_at', '>', at)
    .orderBy('expires_at', 'desc')
    .orderBy('signal')
    .execute()
  return rows.map(SIGNALS.read)
}

/** Lists all signals that are in force, the newest first. */
export async function listSignals(db: Reader, at: number, most: number): Promise<StoredSignal[]> {
  const rows = await db
    .selectFrom('risk_signals')
    .selectAll()
    .where('expires_at', '>', at)
    .orderBy('raised_at', 'desc')
    .orderBy('signal')
    .limit(most)
    .execute()
  return rows.map(SIGNALS.read)
}

export async function findSignal(
  db: Reader,
  { signal, source, subject }: Pick<StoredSignal, 'subject' | 'signal' | 'source'>,
): Promise<StoredSignal | undefined> {
  const row = await db
    .selectFrom('risk_signals')
    .selectAll()
    .where('subject_kind', '=', subject.kind)
    .where('subject_id', '=', subject.id)
    .where('signal', '=', signal)
    .where('source', '=', source)
    .executeTakeFirst()
  return row && SIGNALS.read(row)
}

/** Counts the signals in force about a subject, by source. */
export async function countSignals(
  db: Reader,
  subject: SignalSubject,
  at: number,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('risk_signals')
    .select(({ fn }) => ['source', fn.countAll<number | string>().as('count')])
    .where('subject_kind', '=', subject.kind)
    .where('subject_id', '=', subject.id)
    .where('expires_at', '>', at)
    .groupBy('source')
    .execute()
  return new Map(rows.map(({ count, source }) => [source, Number(count)]))
}

export async function writeSignal(tx: Tx, signal: StoredSignal): Promise<void> {
  const { level, raisedAt, expiresAt } = signal
  await tx
    .insertInto('risk_signals')
    .values(SIGNALS.write(signal))
    .onConflict((conflict) =>
      conflict
        .columns(['subject_kind', 'subject_id', 'signal', 'source'])
        .doUpdateSet(SIGNALS.change({ level, raisedAt, expiresAt })),
    )
    .execute()
}

/** False: there was none. */
export async function deleteSignal(
  tx: Tx,
  { signal, source, subject }: Pick<StoredSignal, 'subject' | 'signal' | 'source'>,
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('risk_signals')
    .where('subject_kind', '=', subject.kind)
    .where('subject_id', '=', subject.id)
    .where('signal', '=', signal)
    .where('source', '=', source)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

export async function forgetSignals(tx: Tx, before: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('risk_signals')
    .where('expires_at', '<=', before)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
