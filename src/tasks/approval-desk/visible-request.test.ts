import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import { answerRequest, shownDigest } from '../../approvals/approvals/index.ts'
import { anAsk } from '../../approvals/approvals/testing.ts'
import { askedFor } from '../../console/pages/approval/testing.ts'
import { openedTask } from '../../console/pages/task/testing.ts'
import { refundBot, testPages } from '../../console/pages/testing.ts'
import { findPerson, type Person } from '../../identity/people/index.ts'
import { nameStandIn } from '../../identity/stand-ins/index.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findVisibleRequest, needsPage, requireVisibleRequest } from './visible-request.ts'

forEachEngine('an access request', (open) => {
  async function begin() {
    const pages = await testPages(await open())
    const { decisions, people } = pages.parts
    const owner = await pages.person('olga')
    await refundBot(pages, owner)
    const tess = await pages.person('tess', 'support')
    const sees = async (person: Person, { id }: { readonly id: string }) =>
      (await findVisibleRequest(decisions, person, id))?.id === id
    const asked = async (over: Parameters<typeof askedFor>[3] = {}) =>
      askedFor(...([pages, await openedTask(pages, tess), undefined, over] as const))
    return { asked, decisions, owner, pages, people, sees, tess }
  }

  test('is seen by those who may answer, for whom it is, who own the agent, and administrators', async () => {
    const { asked, owner, pages, sees, tess } = await begin()
    const request = await asked()
    for (const person of [
      ...[await pages.person('fiona', 'finance'), tess, owner],
      await pages.person('ada', 'administrators'),
    ])
      assert.equal(await sees(person, request), true, person.name)
    assert.equal(await sees(await pages.person('nils', 'support'), request), false)
  })

  test('is seen by a stand-in, and by those who could break glass', async () => {
    const { asked, pages, people, sees } = await begin()
    const request = await asked({ breakGlass: [['group:support']] })
    assert.equal(await sees(await pages.person('sue', 'support'), request), true)
    const fiona = await pages.person('fiona', 'finance')
    const boris = await pages.person('boris')
    assert.equal(await sees(boris, request), false)
    const endsAt = pages.clock.now() + DAY
    await nameStandIn(people, { personId: fiona.id, standIn: boris.id, endsAt })
    assert.equal(await sees(boris, request), true)
    pages.clock.advance(DAY)
    assert.equal(await sees(boris, request), false)
  })

  test('is seen by who answered it, also when they may not any more', async () => {
    const { asked, decisions, pages, sees } = await begin()
    const request = await asked()
    const fiona = await pages.person('fiona', 'finance')
    const finn = await pages.person('finn', 'finance')
    const shown = shownDigest(request)
    const given = { requestId: request.id, person: fiona, shown, authTime: 1 }
    await answerRequest(decisions, { ...given, answer: 'deny' })
    const { storage } = decisions
    await storage.transaction((tx) =>
      tx.deleteFrom('memberships').where('group_name', '=', 'finance').execute(),
    )
    const now = async ({ id }: Person) => {
      const person = await findPerson(storage.read, id)
      assert.ok(person)
      return sees(person, request)
    }
    assert.deepEqual([await now(fiona), await now(finn)], [true, false])
  })

  test('of an agent that is gone has no owner who sees it', async () => {
    const { asked, decisions, owner, sees } = await begin()
    const request = await asked()
    await decisions.storage.transaction((tx) =>
      tx.updateTable('agents').set({ id: 'gone' }).where('id', '=', request.agentId).execute(),
    )
    assert.equal(await sees(owner, request), false)
  })

  test('is unknown to others, as one that is not there', async () => {
    const { asked, decisions, pages, tess } = await begin()
    const { id } = await asked()
    assert.equal((await requireVisibleRequest(decisions, tess, id)).id, id)
    const unknown = { code: 'approval.unknown', detail: 'there is no such access request' }
    const nils = await pages.person('nils')
    const ada = await pages.person('ada', 'administrators')
    await assert.rejects(requireVisibleRequest(decisions, nils, id), unknown)
    await assert.rejects(requireVisibleRequest(decisions, ada, 'req_none'), unknown)
  })
})

test('an approval needs its page for high risk, for a proof, and for what is no call', () => {
  const needs = (over: Partial<AccessRequest>) =>
    needsPage({
      ...{ risk: 'medium', action: 'orders.refund', ask: anAsk({ risk: 'medium' }) },
      ...over,
    } as AccessRequest) // as: what this looks at
  assert.deepEqual(
    (['low', 'medium', 'high', 'critical'] as const).map((risk) => needs({ risk })),
    [false, false, true, true],
  )
  assert.equal(needs({ ask: anAsk({ signature: 'passkey' }) }), true)
  const stepUp = { acrValues: ['gold'], maxAgeSeconds: 300 }
  assert.equal(needs({ ask: anAsk({ stepUps: [stepUp] }) }), true)
  assert.equal(needs({ ask: anAsk({ stepUps: [] }) }), false)
  assert.equal(needs({ action: 'issue:access_token:client_credentials' }), true)
})
