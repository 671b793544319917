import { createHash, createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import { contradiction, type LedgerRecord } from './decisions.ts'
import { IdTable } from './id-table.ts'
import type { Trouble } from './report.ts'

type Members = Readonly<Record<string, unknown>>

/** Members of statement and record that have to be the same, by what was signed. */
const BOUND: Readonly<Record<string, (record: LedgerRecord, facts: Members) => Members>> = {
  'remit/signed-approval/v1': ({ by, callHash, requestId }, { answer, answer_hash }) => ({
    ...{ answer, answer_hash, request: requestId, call_hash: callHash, approver: by },
  }),
  // The approver changed the call: the record is about the changed one.
  'remit/signed-edit/v1': ({ by, callHash }, { answer, edited_from, shown }) => ({
    ...{ answer, edited_from, shown, call_hash: callHash, approver: by },
  }),
  'remit/signed-batch/v1': ({ by }, { requests }) => ({
    ...{ answer: 'approve', scope: 'batch', approver: by },
    requests: Array.isArray(requests) ? hashOf('remit/batch/v1', requests) : undefined,
  }),
  'remit/signed-confirmation/v1': (
    { by, outcome },
    { confirmation, operation, payload_digest },
  ) => ({ answer: outcome, confirmation, operation, payload_digest, person: by }),
}

/** Flags of authenticator data: the person was there, and was verified (WebAuthn section 6.1). */
const PRESENT_AND_VERIFIED = 0x05
const USED = 1

/**
 * Receipts of answers that people signed with passkeys (docs/ledger.md of Remit): each is by a
 * passkey that was enrolled for this person before and not removed, over the facts of its record,
 * on the origin that it names, and no challenge is answered twice.
 */
export class Receipts {
  /** Public keys of passkeys, by id and person. */
  readonly #keys = new Map<string, string>()
  readonly #nonces = new IdTable()
  /** Approvals that were signed together and not recorded yet: hash of the list, approver, entry. */
  readonly #together = new Set<string>()
  #checked = 0

  get checked(): number {
    return this.#checked
  }

  /** Call for every record, in order. */
  add(record: LedgerRecord, index: number): Trouble | undefined {
    const { facts, person, type } = record
    if (type === 'passkey.enrolled')
      this.#keys.set(`${facts.passkey} ${person}`, sorted(facts.public_key))
    if (type === 'passkey.removed') this.#keys.delete(`${facts.passkey} ${person}`)
    if (facts.batch !== undefined && !this.#isInBatch(record))
      return contradiction(index, 'it is not among what was signed together')
    if (facts.receipt === undefined) return undefined
    const fault = this.#fault(record, objectOf(facts.receipt))
    if (fault !== undefined) return contradiction(index, `the receipt is not good: ${fault}`)
    if (type === 'approval.batch_signed') this.#addBatch(record)
    this.#checked++
    return undefined
  }

  #addBatch({ by, facts: { requests } }: LedgerRecord): void {
    if (!Array.isArray(requests)) return
    for (const entry of requests)
      this.#together.add(`${hashOf('remit/batch/v1', requests)} ${by} ${String(entry)}`)
  }

  /** Each approval of a batch is recorded once. */
  #isInBatch({
    by,
    callHash,
    facts: { answer, answer_hash, batch },
    requestId,
  }: LedgerRecord): boolean {
    const entry = `${String(batch)} ${by} ${requestId} ${callHash} ${String(answer_hash)}`
    return answer === 'approve' && this.#together.delete(entry)
  }

  #fault(record: LedgerRecord, receipt: Members): string | undefined {
    const statement = objectOf(receipt.statement)
    const domain = textOf(receipt.domain)
    const bound = Object.hasOwn(BOUND, domain) ? BOUND[domain] : undefined
    if (receipt.v !== 1 || !bound) return 'it is of no kind that is known here'
    const wanted = Object.entries(bound(record, record.facts))
    const other = wanted.find(([name, value]) => value === undefined || statement[name] !== value)
    if (other) return `\`${other[0]}\` is not that of the record`
    if (statement.stands_in_for !== record.facts.stands_in_for)
      return '`stands_in_for` is not that of the record'
    const key = sorted(receipt.public_key)
    if (this.#keys.get(`${textOf(receipt.passkey)} ${record.by}`) !== key)
      return 'the passkey was not enrolled for this person'
    const nonce = textOf(statement.nonce)
    if (nonce === '' || this.#nonces.get(nonce) !== 0) return 'its challenge was answered before'
    this.#nonces.set(nonce, USED)
    return faultOfAssertion(domain, statement, receipt)
  }
}

/** WebAuthn section 7.2, as far as it can be checked afterwards. */
function faultOfAssertion(
  domain: string,
  statement: Members,
  receipt: Members,
): string | undefined {
  const clientData = bytesOf(receipt.client_data)
  const data = bytesOf(receipt.authenticator_data)
  const client = parsed(clientData)
  const challenge = createHash('sha256').update(`${domain}\0${sorted(statement)}`)
  if (client.type !== 'webauthn.get' || client.challenge !== challenge.digest('base64url'))
    return 'something else was signed'
  const { origin } = statement
  if (client.origin !== origin || client.crossOrigin === true) return 'it is of another origin'
  const host = URL.parse(textOf(origin))?.hostname ?? ''
  if (data.length < 37 || !data.subarray(0, 32).equals(sha256(host)))
    return 'it is for another party'
  if (((data[32] ?? 0) & PRESENT_AND_VERIFIED) !== PRESENT_AND_VERIFIED)
    return 'the person was not verified'
  const signed = Buffer.concat([data, sha256(clientData)])
  return isSigned(objectOf(receipt.public_key), signed, bytesOf(receipt.signature))
    ? undefined
    : 'the signature does not fit'
}

function isSigned(jwk: Members, signed: Buffer, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ format: 'jwk', key: jwk as JsonWebKey }) // as: refused when it is none
    return verify(jwk.kty === 'OKP' ? null : 'sha256', signed, key, signature)
  } catch {
    return false
  }
}

/** Domain-separated hash of a list of strings: its JSON is its canonical form. */
function hashOf(domain: string, list: readonly unknown[]): string {
  return createHash('sha256')
    .update(`${domain}\0${JSON.stringify(list)}`)
    .digest('base64url')
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

/**
 * Canonical form (RFC 8785) of an object of one level, with strings and integers. Empty for
 * anything else, which no hash is of.
 */
function sorted(value: unknown): string {
  const entries = Object.entries(objectOf(value))
  const flat = entries.every(
    ([, each]) => (typeof each === 'string' && each.isWellFormed()) || Number.isSafeInteger(each),
  )
  if (!flat) return ''
  const members = entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each)}`)
  return `{${members.join(',')}}`
}

function parsed(bytes: Buffer): Members {
  try {
    return objectOf(JSON.parse(bytes.toString('utf8')))
  } catch {
    return {}
  }
}

function objectOf(value: unknown): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return { ...value }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(textOf(value), 'base64url')
}
