import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worldsOver } from '../../../calls/calls/testing.ts'
import { newId } from '../../../platform/lib/id.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { holdBack } from '../pipeline/defer.ts'
import { PendingQuota } from './pending-quota.ts'

forEachEngine('room for requests that wait', (open) => {
  const worlds = worldsOver(open)

  test('W4: the requests for one person leave room for others', async (t) => {
    const { parts, sam } = await worlds.own(t)
    const { clock, random, storage } = parts
    const room = new PendingQuota({ clock, storage, most: 100, mostOfAgent: 9 })
    const agent = { id: 'refund-bot', notifyAt: null }
    const wait = (personId: typeof sam.id | null) =>
      storage.transaction((tx) =>
        holdBack(
          parts,
          tx,
          {
            ...{ flow: 'deferred', agent, personId, thumbprint: null },
            request: { purpose: 'look', proved: { authTime: null, acr: null } },
          },
          { consentId: null, answeredBy: clock.now() + 60_000 },
        ),
      )
    const fill = async (personId: typeof sam.id | null): Promise<number> => {
      if (await room.isFullFor(agent.id, personId)) return 0
      await wait(personId)
      return 1 + (await fill(personId))
    }
    assert.equal(await fill(null), 3, 'codes whose person is not known')
    assert.equal(await fill(sam.id), 2)
    assert.equal(await fill(newId('person', random)), 2)
    for (let room = 2; room > 0; room--) assert.equal(await fill(newId('person', random)), 1)
    const nobodys = await room.isFullFor(agent.id, newId('person', random))
    assert.equal(nobodys?.reason, 'deferral.too_many')
    assert.equal(await room.isFullFor('other-bot', sam.id), undefined)
  })
})
