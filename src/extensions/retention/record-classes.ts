import { type LedgerRecord, RECORD_ORDER_MARGIN } from '../../platform/ledger/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import type { CandidatePage, ClassQuery, KeptClass } from './class.ts'
import { subjectsOfDecisions } from './decision-classes.ts'
import type { RetentionParts } from './parts.ts'
import type { Candidate, SubjectMatter } from './subject.ts'

type RecordParts = Pick<RetentionParts, 'ledger'>

/** Salts and values beside records, but for those about strangers. */
export function argumentsBeside(parts: RecordParts): KeptClass {
  return besideRecords(parts, (type) => !isOfStrangers(type))
}

/** Addresses of callers who were refused and never identified. */
export function strangers(parts: RecordParts): KeptClass {
  return besideRecords(parts, isOfStrangers)
}

function isOfStrangers(type: string): boolean {
  return type.startsWith('refusals.')
}

function besideRecords({ ledger }: RecordParts, belongs: (type: string) => boolean): KeptClass {
  return {
    page: async (db, query) => {
      const records = await ledger.erasablesAfter(query.after.at, query.limit)
      return pageOfRecords(db, records, query, belongs)
    },
    erase: (tx, chosen) =>
      ledger.eraseBeside(
        tx,
        chosen.map(({ cursor }) => cursor.at),
      ),
  }
}

async function pageOfRecords(
  db: Reader,
  records: readonly LedgerRecord[],
  { before, limit, personId }: ClassQuery,
  belongs: (type: string) => boolean,
): Promise<CandidatePage> {
  const read = records.map(({ position, record }) => ({ position, ...readRecord(record) }))
  const late = read.findIndex(({ own }) => own.at >= before + RECORD_ORDER_MARGIN)
  const due = read
    .slice(0, late < 0 ? read.length : late)
    .filter(({ own, type }) => own.at < before && belongs(type))
  const subjects = await aboutEach(db, due)
  const candidates = due.map(
    ({ position }, i): Candidate => ({
      cursor: { at: position, id: '' },
      id: String(position),
      about: subjects[i] ?? [],
    }),
  )
  const last = read.at(-1)
  return {
    candidates: candidates.filter(({ about }) => isAbout(about, personId)),
    next: late >= 0 || read.length < limit || !last ? undefined : { at: last.position, id: '' },
  }
}

/** Lists for each record what it is about: itself, and its decisions. */
export function subjectsOfRecords(
  db: Reader,
  records: readonly LedgerRecord[],
): Promise<readonly (readonly SubjectMatter[])[]> {
  return aboutEach(
    db,
    records.map(({ record }) => readRecord(record)),
  )
}

async function aboutEach(
  db: Reader,
  records: readonly Pick<ReadRecord, 'decisions' | 'own'>[],
): Promise<readonly (readonly SubjectMatter[])[]> {
  const ids = [...new Set(records.flatMap(({ decisions }) => decisions))]
  const subjects = await subjectsOfDecisions(db, ids)
  return records.map(({ decisions, own }) => [
    own,
    ...decisions.flatMap((id) => subjects.get(id) ?? []),
  ])
}

function isAbout(subjects: readonly SubjectMatter[], personId: string | undefined): boolean {
  return personId === undefined || subjects.some(({ people }) => people.includes(personId))
}

interface ReadRecord {
  readonly type: string
  readonly own: SubjectMatter
  readonly decisions: readonly string[]
}

/** Members of a record that say what it is about; all are written by us, and signed. */
interface RecordMembers {
  readonly type: string
  readonly time: string
  readonly person?: string
  readonly by?: string
  readonly agent?: string
  readonly chain?: readonly string[]
  readonly task?: string
  readonly resource?: string
  readonly decision_id?: string
  readonly facts?: { readonly decisions?: readonly { readonly decision_id: string }[] }
}

function readRecord(text: string): ReadRecord {
  const record: RecordMembers = JSON.parse(text)
  const { agent, by, chain = [], decision_id: id, facts, person, resource, task, type } = record
  const shared = Array.isArray(facts?.decisions) ? facts.decisions : []
  return {
    type,
    own: {
      people: [person, by],
      agents: [agent, ...chain],
      tasks: [task],
      resources: [resource],
      at: Date.parse(record.time),
    },
    decisions: [...(id === undefined ? [] : [id]), ...shared.map((each) => each.decision_id)],
  }
}
