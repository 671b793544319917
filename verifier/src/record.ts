import type { LedgerRecord } from './decisions.ts'
import { utf8 } from './note.ts'

/** `undefined` when the bytes are not a record of a version known here. */
export function parseRecord(bytes: Uint8Array): LedgerRecord | undefined {
  const members = parseObject(utf8(bytes))
  if (members?.get('v') !== 1) return undefined
  const type = members.get('type')
  if (typeof type !== 'string') return undefined
  const commitments = new Map<string, string>()
  for (const [name, value] of Object.entries(members.get('commitments') ?? {})) {
    if (typeof value !== 'string') return undefined
    commitments.set(name, value)
  }
  return {
    type,
    eventId: textOf(members.get('event_id')),
    decisionId: textOf(members.get('decision_id')),
    requestId: textOf(members.get('request_id')),
    outcome: textOf(members.get('outcome')),
    person: textOf(members.get('person')),
    by: textOf(members.get('by')),
    callHash: textOf(members.get('call_hash')),
    facts: factsOf(members.get('facts')),
    ...countedIn(members.get('facts')),
    commitments,
  }
}

function factsOf(value: unknown): LedgerRecord['facts'] {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function countedIn(facts: unknown): Pick<LedgerRecord, 'window' | 'counts'> {
  if (typeof facts !== 'object' || facts === null) return { window: undefined, counts: undefined }
  const { counts, window }: { counts?: unknown; window?: unknown } = facts
  const isCounts = Array.isArray(counts) && counts.every(isCount)
  return { window: textOf(window), counts: isCounts ? counts : undefined }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

/** Members of a JSON object; `undefined` for anything else. */
export function parseObject(text: string | undefined): ReadonlyMap<string, unknown> | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return new Map(Object.entries(value))
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
