import { base64url, sha256url } from '../lib/bytes.ts'
import { type Canonical, canonicalJson } from '../lib/canonical-json.ts'
import { newId } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { LedgerEvent } from './ledger-event.ts'

/**
 * Maximum bytes of a record: an entry bundle gives each entry a 16-bit length (C2SP tlog-tiles,
 * "Log entries").
 */
const MAX_BYTES = 65_535
const SALT_BYTES = 32
/**
 * Encoder whose bytes have memory of their own: a `Buffer` is cut from a pool of 8 KiB, all of
 * which would go to the thread that writes.
 */
const ENCODER = new TextEncoder()

/** A record to append: the bytes that are hashed, and beside them the values of its commitments. */
export interface NewRecord {
  readonly record: Uint8Array
  /** Canonical JSON: name → `{ salt, value }`, where `value` is the canonical text of the value. */
  readonly private: string | null
}

/** Makes the record of an event (`docs/ledger.md` has the format). Bytes are RFC 8785 JSON. */
export function makeRecord(event: LedgerEvent, now: number, random: Random): NewRecord {
  const fixed = { ...fieldsOf(event), ...stamp(now, random) }
  const secret = event.origin
    ? { ...event.private, origin: originOf(event) }
    : (event.private ?? {})
  const made = withCommitments({ ...fixed, facts: event.facts }, secret, random)
  if (made.record.byteLength <= MAX_BYTES) return made
  // Facts can be long (a task with hundreds of details). As a commitment they are still proven, and always fit.
  const shorter = withCommitments(fixed, { ...secret, facts: event.facts }, random)
  if (shorter.record.byteLength > MAX_BYTES) {
    throw new Problem(
      'ledger.record_too_large',
      `a record of type ${event.type} is longer than ${MAX_BYTES} bytes`,
    )
  }
  return shorter
}

type Fields = Readonly<Record<string, Canonical | undefined>>

function withCommitments(fields: Fields, secret: Fields, random: Random): NewRecord {
  return writeRecord(fields, commitTo(secret, random))
}

/** Commitment of a record by name, and the values that are kept beside the record. */
export interface Commitment {
  readonly name: string
  readonly commitment: string
  readonly salt: string
  /** The canonical text of the value. */
  readonly value: string
}

export function commitTo(secret: Fields, random: Random): readonly Commitment[] {
  const items = Object.entries(secret)
  const salts = random.bytes(items.length * SALT_BYTES)
  return items.flatMap(([name, item], i) => {
    if (item === undefined) return []
    const value = canonicalJson(item)
    const salt = salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES)
    return [{ name, commitment: commit(salt, value), salt: base64url(salt), value }]
  })
}

export function writeRecord(fields: Fields, committed: readonly Commitment[]): NewRecord {
  const any = committed.length > 0
  const commitments: Record<string, string> = {}
  const kept: Record<string, Canonical> = {}
  for (const { commitment, name, salt, value } of committed) {
    commitments[name] = commitment
    kept[name] = { salt, value }
  }
  return {
    record: encoded(canonicalJson({ ...fields, commitments: any ? commitments : undefined })),
    private: any ? canonicalJson(kept) : null,
  }
}

/**
 * Commits to a value (contract 9): SHA-256 over the 32-byte salt and the RFC 8785 text. Without the
 * salt, guessing the value proves nothing.
 */
function commit(salt: Uint8Array, value: string): string {
  const bytes = Buffer.allocUnsafe(SALT_BYTES + Buffer.byteLength(value))
  bytes.set(salt)
  bytes.write(value, SALT_BYTES)
  return sha256url(bytes)
}

function fieldsOf(event: LedgerEvent): Fields {
  return {
    type: event.type,
    decision_id: event.decisionId,
    person: event.person,
    agent: event.agent,
    chain: event.chain,
    task: event.task,
    resource: event.resource,
    action: event.action,
    outcome: event.outcome,
    reason: event.reason,
    policy_version: event.policyVersion,
    call_hash: event.callHash,
    request_id: event.requestId,
    token_id: event.tokenId,
    thumbprint: event.thumbprint,
    upstream: event.upstream && {
      status: event.upstream.status,
      digest: event.upstream.digest,
      latency_ms: hundredths(event.upstream.latencyMs),
    },
    by: event.by,
  }
}

/** Rounds a time in milliseconds: each digit stays for ever. */
function hundredths(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 100) / 100
}

function originOf({ origin }: LedgerEvent): Canonical | undefined {
  return origin && { ip: origin.ip, user_agent: origin.userAgent }
}

export function encoded(text: string): Uint8Array {
  return ENCODER.encode(text)
}

/** Members that every record has of its own. */
export function stamp(now: number, random: Random): Fields {
  return { v: 1, event_id: newId('record', random), time: new Date(now).toISOString() }
}
