import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerRequest } from '../../src/approvals/approvals/answer.ts'
import { shownDigest } from '../../src/approvals/approvals/index.ts'
import { approvalForm } from '../../src/approvals/approvals/sign-answer.ts'
import { batchForm, signBatch } from '../../src/approvals/approvals/sign-batch.ts'
import {
  aCall,
  addPerson,
  anAsk,
  anAsking,
  attached,
  type TestParts,
  testParts,
} from '../../src/approvals/approvals/testing.ts'
import { editCall } from '../../src/approvals/call-edits/index.ts'
import { addPasskey, SoftwareAuthenticator } from '../../src/identity/passkeys/testing.ts'
import { findPerson } from '../../src/identity/people/index.ts'
import { forEachEngine } from '../../src/platform/storage/testing.ts'
import { actionsWith } from '../../src/policy/policy/testing.ts'
import { Receipts } from '../../verifier/src/receipts.ts'
import { parseRecord } from '../../verifier/src/record.ts'

/** A record as JSON, to be changed. */
// biome-ignore lint/suspicious/noExplicitAny: each case reaches into another member
type Changeable = any

/** Reads records as the verifier does. */
function trouble(records: readonly Changeable[]) {
  const receipts = new Receipts()
  const found = records.map((each, index) => {
    const record = parseRecord(Buffer.from(JSON.stringify(each))) ?? assert.fail()
    return receipts.add(record, index)
  })
  return { checked: receipts.checked, messages: found.flatMap((each) => each?.message ?? []) }
}

async function approver(parts: TestParts) {
  const finn = await addPerson(parts, 'finance')
  const person = (await findPerson(parts.storage.read, finn.id)) ?? assert.fail()
  const authenticator = new SoftwareAuthenticator(parts.issuer)
  await addPasskey(parts, person, authenticator)
  return { finn, authenticator }
}

function refusesEach(
  records: readonly Changeable[],
  cases: readonly (readonly [string, (copy: Changeable[]) => void, RegExp])[],
): void {
  for (const [name, change, expected] of cases) {
    const copy = structuredClone([...records])
    change(copy)
    const [message = ''] = trouble(copy).messages
    assert.match(message, expected, name)
  }
}

const SIGNED = anAsk({ signature: 'passkey', editable: ['/amount'] })

forEachEngine('receipts, as the verifier reads them', (open) => {
  test('hold as the ledger has them, and with nothing changed', async () => {
    const parts = await testParts(await open())
    const maria = await addPerson(parts, 'support')
    const { finn, authenticator } = await approver(parts)
    for (let i = 0; i < 2; i++) {
      const request = await attached(
        parts,
        anAsking(parts, maria, { ask: anAsk({ signature: 'passkey' }) }),
      )
      const shown = shownDigest(request)
      const approval = { request, personId: finn.id, allowance: undefined, shown }
      const form = await approvalForm(parts, approval)
      if (typeof form !== 'object') throw new Error('it need not be signed')
      const assertion = authenticator.sign(form.options)
      await answerRequest(parts, {
        ...{ requestId: request.id, person: finn, answer: 'approve', shown, authTime: 1 },
        signature: { ticket: form.ticket, assertion },
      })
    }
    const records: Changeable[] = await parts.recorded()
    assert.deepEqual(trouble(records), { checked: 2, messages: [] })
    const at = records.findIndex(({ type }) => type === 'approval.answered')
    const enrolled = records.findIndex(({ type }) => type === 'passkey.enrolled')
    const last = records.findLastIndex(({ type }) => type === 'approval.answered')
    const cases: readonly [string, (copy: Changeable[]) => void, RegExp][] = [
      ['call', (copy) => (copy[at].call_hash = 'x'), /`call_hash` is not that of the record/],
      ['approver', (copy) => (copy[at].by = maria.id), /`approver` is not/],
      ['request', (copy) => (copy[at].request_id = 'req_x'), /`request` is not/],
      ['answer', (copy) => (copy[at].facts.answer = 'deny'), /`answer` is not/],
      ['place', (copy) => (copy[at].facts.stands_in_for = maria.id), /`stands_in_for` is not/],
      ['answer hash', (copy) => (copy[at].facts.answer_hash = 'x'), /`answer_hash` is not/],
      ...['shown', 'text_hash', 'scope', 'expires_at', 'issued_at'].map(
        (name): (typeof cases)[number] => [
          name,
          (copy) => (copy[at].facts.receipt.statement[name] = 'x'),
          /something else was signed/,
        ],
      ),
      [
        'origin',
        (copy) => (copy[at].facts.receipt.statement.origin = 'https://evil.example'),
        /something else was signed/,
      ],
      ['domain', (copy) => (copy[at].facts.receipt.domain = 'toString'), /of no kind/],
      ['nobody enrolled it', (copy) => copy.splice(enrolled, 1), /was not enrolled/],
      [
        'another enrolled it',
        (copy) => (copy[enrolled].person = maria.id),
        /was not enrolled for this person/,
      ],
      [
        'removed before',
        (copy) =>
          copy.splice(enrolled + 1, 0, {
            ...copy[enrolled],
            type: 'passkey.removed',
          }),
        /was not enrolled/,
      ],
      ['replayed', (copy) => copy.splice(at, 0, copy[at]), /was answered before/],
      [
        'signature',
        (copy) => {
          copy[at].facts.receipt.signature = copy[last].facts.receipt.signature
        },
        /the signature does not fit/,
      ],
      [
        'not verified',
        (copy) => {
          const data = Buffer.from(copy[at].facts.receipt.authenticator_data, 'base64url')
          data[32] = 1
          copy[at].facts.receipt.authenticator_data = data.toString('base64url')
        },
        /the person was not verified/,
      ],
      ['nothing', (copy) => (copy[at].facts.receipt = {}), /of no kind/],
    ]
    refusesEach(records, cases)
  })

  test('hold for a call that the approver changed, and for no other change', async () => {
    const parts = await testParts(await open())
    const maria = await addPerson(parts, 'support')
    const { finn, authenticator } = await approver(parts)
    const [action = assert.fail()] = actionsWith({ amount: { type: 'number' } })
    const asking = anAsking(parts, maria, {
      ask: SIGNED,
      inspected: [{ path: '/amount', kind: 'decimal', text: '900' }],
    })
    const { person, task } = asking.call
    const call = aCall({
      ...{ person, task, resource: 'things', action: action.name, definition: action.digest },
      ...{ path: '/things', body: { kind: 'json', value: { amount: 900 } } },
    })
    const request = await attached(parts, { ...asking, call })
    const changes = [{ path: '/amount', text: '500' }]
    const edited = editCall(request, action, changes)
    const shown = shownDigest(request, undefined, edited)
    const approval = { request, personId: finn.id, allowance: undefined, edited, shown }
    const form = await approvalForm(parts, approval)
    if (typeof form !== 'object') throw new Error('it need not be signed')
    const approved = await answerRequest(parts, {
      ...{ requestId: request.id, person: finn, answer: 'approve', shown, authTime: 1 },
      edits: { changes, action },
      signature: { ticket: form.ticket, assertion: authenticator.sign(form.options) },
    })
    assert.notEqual(approved.id, request.id)
    const records: Changeable[] = await parts.recorded()
    assert.deepEqual(trouble(records), { checked: 1, messages: [] })
    const at = records.findIndex(({ facts }) => facts?.receipt !== undefined)
    assert.equal(records[at].request_id, approved.id)
    assert.equal(records[at].facts.receipt.statement.call_hash, edited.callHash)
    refusesEach(records, [
      ['call', (copy) => (copy[at].call_hash = request.callHash), /`call_hash` is not/],
      ['asked', (copy) => (copy[at].facts.edited_from = approved.id), /`edited_from` is not/],
      ['shown', (copy) => (copy[at].facts.shown = 'x'), /`shown` is not/],
      ['approver', (copy) => (copy[at].by = maria.id), /`approver` is not/],
      [
        'as if it was unchanged',
        (copy) => (copy[at].facts.receipt.domain = 'remit/signed-approval/v1'),
        /`answer_hash` is not|`request` is not/,
      ],
    ])
  })

  test('hold for several that were signed together, each once, and for no other', async () => {
    const parts = await testParts(await open())
    const maria = await addPerson(parts, 'support')
    const { finn, authenticator } = await approver(parts)
    const ask = () => attached(parts, anAsking(parts, maria, { ask: SIGNED }))
    const requests = [await ask(), await ask()]
    const other = await ask()
    const together = { personId: finn.id, requests }
    const form = await batchForm(parts, together)
    if (typeof form !== 'object') throw new Error('it need not be signed')
    parts.clock.advance(60_000)
    const signature = { ticket: form.ticket, assertion: authenticator.sign(form.options) }
    for (const wrong of [
      { ...together, requests: [...requests, other] },
      { ...together, requests: requests.toReversed() },
      { ...together, personId: maria.id },
    ])
      await assert.rejects(signBatch(parts, wrong, signature), { code: 'passkey.challenge_over' })
    const batch = await signBatch(parts, together, signature)
    await assert.rejects(signBatch(parts, together, signature), {
      code: /^passkey\.(used|cloned)$/,
    })
    const say = (request: typeof other, by = finn) =>
      answerRequest(parts, {
        ...{ requestId: request.id, person: by, answer: 'approve', authTime: 1, batch },
        shown: shownDigest(request),
      })
    await assert.rejects(say(other), { code: 'approval.shown_differs' })
    const fay = await addPerson(parts, 'finance')
    for (const request of requests) {
      await assert.rejects(say(request, fay), { code: 'approval.shown_differs' })
      const approved = await say(request)
      assert.equal(approved.usableUntil, parts.clock.now() + 59 * 60_000)
    }
    const records: Changeable[] = await parts.recorded()
    assert.deepEqual(trouble(records), { checked: 1, messages: [] })
    const at = records.findIndex(({ type }) => type === 'approval.batch_signed')
    const first = records.findIndex(({ type }) => type === 'approval.answered')
    const last = records.findLastIndex(({ type }) => type === 'approval.answered')
    const outside = /not among what was signed together/
    refusesEach(records, [
      ['one more', (copy) => copy[at].facts.requests.push('x'), /`requests` is not/],
      ['one less', (copy) => copy[at].facts.requests.pop(), /`requests` is not/],
      ['nothing', (copy) => (copy[at].facts.requests = undefined), /`requests` is not/],
      ['approver', (copy) => (copy[at].by = maria.id), /`approver` is not/],
      ['unsigned', (copy) => copy.splice(at, 1), outside],
      ['twice', (copy) => (copy[last] = copy[first]), outside],
      ['another call', (copy) => (copy[first].call_hash = 'x'), outside],
      ['another answer', (copy) => (copy[first].facts.answer_hash = 'x'), outside],
      ['a denial', (copy) => (copy[first].facts.answer = 'deny'), outside],
      ['another person', (copy) => (copy[first].by = maria.id), outside],
      ['another list', (copy) => (copy[first].facts.batch = 'x'), outside],
    ])
  })
})
