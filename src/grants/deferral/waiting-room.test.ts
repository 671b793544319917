import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worldsOver } from '../../calls/testing.ts'
import { newId } from '../../lib/id.ts'
import { forEachEngine } from '../../storage/testing.ts'
import { holdBack } from '../pipeline/defer.ts'
import { WaitingRoom } from './waiting-room.ts'

forEachEngine('room for requests that wait', (open) => {
  const worlds = worldsOver(open)

  test('W4: the requests for one person leave room for others', async (t) => {
    const { parts, sam } = await worlds.own(t)
    const { clock, random, storage } = parts
    const room = new WaitingRoom({ clock, storage, most: 100, mostOfAgent: 9 })
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
    const fill = async (personId: typeof sam.id | undefined): Promise<number> => {
      if (await room.isFullFor(agent.id, personId)) return 0
      await wait(personId ?? null)
      return 1 + (await fill(personId))
    }
    assert.equal(await fill(sam.id), 3)
    assert.equal(await fill(newId('person', random)), 2)
    assert.equal(await fill(undefined), 4, 'codes whose person is not known')
    const nobodys = await room.isFullFor(agent.id, newId('person', random))
    assert.equal(nobodys?.reason, 'deferral.too_many')
    assert.equal(await room.isFullFor('other-bot', sam.id), undefined)
  })
})
