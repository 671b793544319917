import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { CallFacts } from '@remit/engine'
import type { AccessRequest } from '../../src/approvals/access-requests/index.ts'
import { readAccessRequest } from '../../src/approvals/access-requests/request-store.ts'
import { readPrivateValues } from '../../src/platform/ledger/ledger-store.ts'
import type { Rooms } from '../../src/rooms.ts'
import { readRecorded, type StoredDecision } from '../../src/tasks/decision-log/index.ts'

/** A permit in the ledger, with the values behind its commitments. */
export interface IntentRecord {
  readonly decision: string
  readonly action: string
  readonly chain: readonly string[]
  readonly callHash: string
  /** Canonical text of the arguments, which its commitment proves. */
  readonly arguments: string
}

/** Words of the books about a call that was permitted. */
export interface BookedCall {
  readonly decision: StoredDecision
  readonly ledger: IntentRecord
  /** Arguments that the rules looked at. */
  readonly looked: CallFacts['call']['arguments']
  /** Question that people answered, where they were asked. */
  readonly question: AccessRequest | undefined
}

interface StoredRecord {
  readonly type: string
  readonly decision_id?: string
  readonly action?: string
  readonly chain?: readonly string[]
  readonly call_hash?: string
  readonly commitments?: Readonly<Record<string, string>>
}

/** Reads the books behind the calls, each record of the ledger once. */
export class Books {
  readonly #rooms: Rooms
  readonly #intents = new Map<string, IntentRecord>()
  #next: number | undefined

  constructor(rooms: Rooms) {
    this.#rooms = rooms
  }

  /** Leaves out what the ledger has by now. */
  async skip(): Promise<void> {
    await this.#rooms.ledger.sequence()
    this.#next = await this.#rooms.ledger.size()
  }

  /** Takes what the books say about a permitted call; each may be taken once. */
  async take(decisionId: string): Promise<BookedCall> {
    const { read } = this.#rooms.storage
    const found = await readRecorded(read, decisionId)
    assert.ok(found?.made.of === 'facts', `${decisionId} has its inputs`)
    const { decision, made } = found
    if (!this.#intents.has(decisionId)) await this.#readOn()
    const ledger = this.#intents.get(decisionId)
    assert.ok(ledger, `${decisionId} was recorded once, before it was sent`)
    this.#intents.delete(decisionId)
    const { requestId } = decision
    const question = requestId === null ? undefined : await readAccessRequest(read, requestId)
    assert.equal(question === undefined, requestId === null)
    return { decision, ledger, looked: made.facts.call.arguments, question }
  }

  /** Permits of which nobody has taken what the books say. */
  async left(): Promise<readonly string[]> {
    await this.#readOn()
    return [...this.#intents.keys()]
  }

  async #readOn(): Promise<void> {
    const { ledger, storage } = this.#rooms
    await ledger.sequence()
    const size = await ledger.size()
    let next = this.#next ?? 0
    while (next < size) {
      const page = await ledger.records(next, 1_000)
      const kept = new Map(
        (await readPrivateValues(storage.read, next, next + page.length)).map((each) => [
          each.position,
          each.private,
        ]),
      )
      for (const { position, record } of page) this.#note(record, kept.get(position))
      next += page.length
    }
    this.#next = next
  }

  #note(text: string, kept: string | undefined): void {
    const record = JSON.parse(text) as StoredRecord // as docs/ledger.md has it
    if (record.type !== 'decision.intent') return
    const {
      action = '',
      call_hash: callHash = '',
      chain = [],
      commitments,
      decision_id: decision = '',
    } = record
    assert.ok(!this.#intents.has(decision), `${decision} was recorded twice`)
    const values = JSON.parse(kept ?? '{}') as Record<string, { salt: string; value: string }> // likewise
    const { salt = '', value = '' } = values.arguments ?? {}
    const proven = createHash('sha256').update(Buffer.from(salt, 'base64url')).update(value)
    assert.equal(proven.digest('base64url'), commitments?.arguments, `${decision}: its commitment`)
    this.#intents.set(decision, { decision, action, chain, callHash, arguments: value })
  }
}
