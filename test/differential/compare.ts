import assert from 'node:assert/strict'
import { callHash, frozenText } from '../../src/approvals/access-requests/index.ts'
import { freezeCall } from '../../src/calls/calls/freeze.ts'
import { inspectedOf } from '../../src/calls/calls/judgment/inspected.ts'
import { bodyKind } from '../../src/catalog/argument-types/index.ts'
import { argumentTexts } from '../../src/identity/tokens/index.ts'
import { parseBody } from '../../src/platform/bodies/index.ts'
import { DECIDED_HEADERS, readTarget } from '../../src/platform/http/index.ts'
import { canonicalJson } from '../../src/platform/lib/canonical-json.ts'
import type { Rooms } from '../../src/rooms.ts'
import type { Call } from '../../src/tasks/facts/index.ts'
import { decode } from '../signing.ts'
import type { ReceivedRequest } from '../upstream.ts'
import type { BookedCall } from './books.ts'

/**
 * Compares a request that an API received with what the books say about it: what the rules looked at, what people were shown, what
 * the ledger has, and what the transaction token tells, are one and the same call. Answers its arguments.
 */
export async function compareCall(
  { decisions }: Rooms,
  seen: ReceivedRequest,
  booked: BookedCall,
): Promise<ReturnType<typeof argumentTexts>> {
  const { decision, ledger, looked, question } = booked
  const decided = argumentTexts(looked)
  const { claims } = decode(String(seen.headers['txn-token']))
  const told = claims.tctx as { readonly action: string; readonly arguments: object } // contract 4
  const { action: name, id } = decision
  assert.deepEqual([claims.txn, seen.headers['remit-decision']], [id, id])
  assert.deepEqual([told.action, ledger.action], [name, name])
  assert.deepEqual(told.arguments, decided, `${id}: the token tells what the rules looked at`)
  assert.equal(ledger.arguments, canonicalJson(decided), `${id}: the ledger has it`)

  const catalog = await decisions.catalog.current()
  const resource = catalog.resources.get(decision.resource ?? '')
  const action = catalog.actionsOf(resource?.name ?? '').find((each) => each.name === name)
  assert.ok(resource && action, `${name} is in the catalog`)
  const by = { person: decision.personId ?? '', chain: ledger.chain, task: decision.taskId ?? '' }
  const type = String(seen.headers['content-type'] ?? '')
  const { path, query } = readTarget(seen.target)
  const headers = DECIDED_HEADERS.flatMap((each) => {
    const value = seen.headers[each]
    return typeof value === 'string' ? [[each, value] as const] : []
  })
  const body = await parseBody(seen.bytes, type, bodyKind(action.arguments.body))
  const sent = { method: seen.method, path, query, headers, body }
  const call: Call = { ...UNSAID, resource, action, arguments: looked, sent }
  const received = freezeCall(call, by)
  const hash = callHash(received)
  assert.equal(hash, decision.callHash, `${id}: the call that was decided on is the one that came`)
  assert.equal(hash, ledger.callHash, `${id}: and the one in the ledger`)
  if (question) {
    assert.equal(question.call, frozenText(received), `${id}: people were shown what came`)
    assert.equal(question.callHash, hash, `${id}: and answered for it`)
    const leaves = inspectedOf(call) ?? null
    assert.deepEqual(question.inspected, leaves, `${id}: argument by argument`)
  }
  return decided
}

/** Members of a call that are no part of what is hashed. */
const UNSAID = {
  ...{ token: undefined, scheme: undefined, proof: undefined, method: '', url: '' },
  ...{ origin: { ip: '' }, doable: [] },
} as const
