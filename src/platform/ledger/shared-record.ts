import { type Canonical, canonicalJson } from '../lib/canonical-json.ts'
import type { Random } from '../lib/random.ts'
import { type Commitment, commitTo, encoded, type NewRecord, stamp, writeRecord } from './record.ts'

/** Properties that the answers in one record share. */
export interface SharedProperties {
  /**
   * Mark of those that may share: only equal marks do. INVARIANT: it names whose record it is, so
   * that two callers never share one.
   */
  readonly mark: string
  readonly type: string
  readonly facts: Readonly<Record<string, Canonical>>
}

/** An answer among several that share a record. */
export interface SharedAnswer {
  readonly decisionId: string
  readonly permitted: boolean
  /** A stable code. */
  readonly reason: string
  /**
   * Values that become salted commitments of their own: those of one answer can be shown without
   * those of another.
   */
  readonly private: Readonly<Record<string, Canonical | undefined>>
}

/**
 * An answer with its commitments made: a fault in one answer is found before it is put together
 * with others.
 */
export interface ReadyAnswer extends Omit<SharedAnswer, 'private'> {
  readonly committed: readonly Commitment[]
}

/** Maximum of answers in one record, far below the maximum bytes of a record. */
export const MAX_SHARING = 64

export function readyAnswer(answer: SharedAnswer, random: Random): ReadyAnswer {
  const { decisionId, permitted, private: secret, reason } = answer
  return { decisionId, permitted, reason, committed: commitTo(secret, random) }
}

/**
 * Makes the record of these answers, in their order (`docs/ledger.md`). A single answer has the
 * form of every record; of several each has its entry in `facts.decisions`, and its commitments
 * begin with its id.
 */
export function sharedRecord(
  sharing: SharedProperties,
  answers: readonly ReadyAnswer[],
  now: number,
  random: Random,
): NewRecord {
  const permitted = answers.reduce((count, each) => count + (each.permitted ? 1 : 0), 0)
  const facts = { ...sharing.facts, answers: answers.length, permitted }
  const fields = { ...stamp(now, random), type: sharing.type }
  const [only, ...more] = answers
  if (!only || more.length > 0) return severalIn(fields, facts, answers)
  const { committed, decisionId, reason } = only
  const own = { decision_id: decisionId, outcome: outcomeOf(only), reason }
  return writeRecord({ ...fields, ...own, facts }, committed)
}

/**
 * Writes the record of several answers. Members with an id for their name are written as text,
 * because new names cost an object several times as much as known ones. A
 * test compares it with the canonical form.
 */
function severalIn(
  fields: Readonly<Record<string, Canonical | undefined>>,
  facts: Readonly<Record<string, Canonical>>,
  answers: readonly ReadyAnswer[],
): NewRecord {
  const named = answers.flatMap(namedCommitments).sort(byName)
  const commitments = named.map(({ name, one }) => `"${name}":"${one.commitment}"`).join(',')
  const kept = named.map(({ name, one }) => `"${name}":${keptText(one)}`).join(',')
  const decisions = answers.map((each) => ({
    decision_id: each.decisionId,
    outcome: outcomeOf(each),
    reason: each.reason,
  }))
  // `commitments` stands before every other member of a record.
  const rest = canonicalJson({ ...fields, facts: { ...facts, decisions } }).slice(1)
  return {
    record: encoded(named.length > 0 ? `{"commitments":{${commitments}},${rest}` : `{${rest}`),
    private: named.length > 0 ? `{${kept}}` : null,
  }
}

interface NamedCommitment {
  readonly name: string
  readonly one: Commitment
}

function namedCommitments({ committed, decisionId }: ReadyAnswer): readonly NamedCommitment[] {
  return committed.map((one) => ({ name: `${decisionId}.${one.name}`, one }))
}

/** Compares by code units, as canonical JSON does. */
function byName(a: NamedCommitment, b: NamedCommitment): number {
  return a.name < b.name ? -1 : 1
}

function keptText({ salt, value }: Commitment): string {
  return `{"salt":"${salt}","value":${canonicalJson(value)}}`
}

function outcomeOf({ permitted }: ReadyAnswer): 'permit' | 'deny' {
  return permitted ? 'permit' : 'deny'
}
