import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import type { AccessRequest } from '../access-requests/access-request.ts'
import { answerHash, shownDigest, usableUntil } from './answer-hash.ts'
import { addPerson, anAsking, attached, testParts } from './testing.ts'

forEachEngine('what an approver puts his name to', (open) => {
  async function aRequest(): Promise<AccessRequest> {
    const parts = await testParts(await open())
    return attached(parts, anAsking(parts, await addPerson(parts)))
  }

  test('is the hash of contract 6, member by member', async () => {
    const request = await aRequest()
    const jcs =
      `{"approver":"psn_finn","call_hash":"${request.callHash}","expiry":123,` +
      `"forbids":[{"digest":"d1","id":"large-refunds-ask"}],"nonce":"${request.nonce}",` +
      `"policy_version":1,"template_digest":"t1","text":"Refund 900.00 on order \\"1042\\"","uses":1}`
    const expected = createHash('sha256').update(`remit/answer/v1\0${jcs}`).digest('base64url')
    const given = { answer: 'approve', approver: 'psn_finn', expiry: 123 } as const
    assert.equal(answerHash(request, given), expected)
    assert.notEqual(answerHash(request, { ...given, answer: 'deny' }), expected)
  })

  test('changes with everything that was displayed', async () => {
    const request = await aRequest()
    const given = { answer: 'approve', approver: 'psn_finn', expiry: 123 } as const
    const changes: Partial<AccessRequest>[] = [
      { callHash: 'other' },
      { text: 'Refund 9.00 on order "1042"' },
      { templateDigest: 'other' },
      { policyVersion: 2 },
      { nonce: 'other' },
      { ask: { ...request.ask, forbids: [{ id: 'large-refunds-ask', digest: 'd2' }] } },
    ]
    for (const change of changes) {
      const other = { ...request, ...change }
      assert.notEqual(answerHash(other, given), answerHash(request, given))
      assert.notEqual(shownDigest(other), shownDigest(request))
    }
    const longer = { ...request, ask: { ...request.ask, lifetimeSeconds: 7200 } }
    assert.notEqual(shownDigest(longer), shownDigest(request))
    assert.notEqual(shownDigest({ ...request, call: '{}' }), shownDigest(request))
  })

  test('an approval ends after its lifetime, and never later than the task', async () => {
    const request = await aRequest()
    assert.equal(usableUntil(request, request.createdAt), request.createdAt + 3_600_000)
    const late = request.deadline - 1000
    assert.equal(usableUntil(request, late), request.deadline)
  })
})
