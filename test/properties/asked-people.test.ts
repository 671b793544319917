import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expireRequests, listForApprover } from '../../src/approvals/access-requests/index.ts'
import {
  addPerson,
  anAsk,
  anAsking,
  attached,
  type TestParts,
  testParts,
} from '../../src/approvals/approvals/testing.ts'
import { forEachEngine } from '../../src/platform/storage/testing.ts'

forEachEngine('who is asked', (open) => {
  async function begin() {
    const parts = await testParts(await open())
    const maria = await addPerson(parts, 'support')
    const approvers = [['group:finance', 'group:audit'], ['group:finance'], ['person:psn_cfo']]
    const request = await attached(parts, anAsking(parts, maria, { ask: anAsk({ approvers }) }))
    return { parts, maria, request }
  }
  const asked = async ({ storage }: TestParts) =>
    (await storage.read.selectFrom('asked_people').selectAll().orderBy('name').execute()).map(
      ({ name }) => name,
    )
  const EVERYBODY = ['group:audit', 'group:finance', 'person:psn_cfo']

  test('is found by each name once, among the oldest first, and by nobody else', async () => {
    const { maria, parts, request } = await begin()
    assert.deepEqual(await asked(parts), EVERYBODY)
    const listed = async (id: `psn_${string}`, ...groups: string[]) =>
      (await listForApprover(parts, { id, groups, status: 'active' })).map((each) => each.id)
    assert.deepEqual(await listed('psn_finn', 'finance', 'audit'), [request.id])
    assert.deepEqual(await listed('psn_cfo'), [request.id])
    assert.deepEqual(await listed('psn_sam', 'support'), [])
    parts.clock.advance(1)
    const ask = anAsk({ approvers: [['group:audit']] })
    const later = await attached(parts, anAsking(parts, maria, { ask }))
    assert.deepEqual(await listed('psn_finn', 'finance', 'audit'), [request.id, later.id])
  })

  test('is forgotten when nobody is asked any more', async () => {
    const { parts, request } = await begin()
    parts.clock.advance(request.expiresAt - parts.clock.now())
    assert.equal(await expireRequests(parts), 1)
    assert.deepEqual(await asked(parts), [])
  })
})
