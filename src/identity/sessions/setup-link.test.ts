import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { mapGroup } from '../identity-providers/map-group.ts'
import { ADMINISTRATORS } from '../people/person.ts'
import { findPerson } from '../people/person-store.ts'
import { PROVIDER, someone, testPeople, withProvider } from '../people/testing.ts'
import { createSetupLink, hasAdministrator, isSetupLink, redeemSetupLink } from './setup-link.ts'
import { suspendPerson } from './suspend-person.ts'

const by = 'operator'
const INVALID = { code: 'setup.link_invalid' }

forEachEngine('the first administrator', (open) => {
  test('is made by a link, once; looking at the link uses nothing', async () => {
    const parts = await testPeople(await open())
    const ada = await someone(parts, 'ada')
    const { token } = await createSetupLink(parts)
    const before = await parts.liveOf('person', ada.id)
    assert.ok(await isSetupLink(parts, token.reveal()))
    assert.ok(await isSetupLink(parts, token.reveal()))
    assert.equal(await hasAdministrator(parts), false)
    await redeemSetupLink(parts, { token: token.reveal(), personId: ada.id })
    assert.deepEqual((await findPerson(parts.storage.read, ada.id))?.groups, ['administrators'])
    assert.equal((await parts.liveOf('person', ada.id)).epoch, before.epoch + 1)
    assert.equal(await isSetupLink(parts, token.reveal()), false)
    const again = { token: token.reveal(), personId: ada.id }
    await assert.rejects(redeemSetupLink(parts, again), INVALID)
    await assert.rejects(createSetupLink(parts), { code: 'setup.closed' })
  })

  test('SPIRE, join tokens: of sixty-four people with the same link, one becomes administrator', async () => {
    const parts = await testPeople(await open())
    const people = await Promise.all(
      Array.from({ length: 64 }, (_, i) => someone(parts, `person-${i}`)),
    )
    const { token } = await createSetupLink(parts)
    const outcomes = await Promise.allSettled(
      people.map(({ id }) => redeemSetupLink(parts, { token: token.reveal(), personId: id })),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    const rows = await parts.storage.read.selectFrom('memberships').selectAll().execute()
    assert.equal(rows.length, 1)
  })

  test('a link ends after an hour, when a newer one is made, and when someone else was first', async () => {
    const parts = await testPeople(await open())
    const ada = await someone(parts, 'ada')
    const old = await createSetupLink(parts)
    parts.clock.advance(60 * 60_000)
    assert.equal(await isSetupLink(parts, old.token.reveal()), false)
    const late = { token: old.token.reveal(), personId: ada.id }
    await assert.rejects(redeemSetupLink(parts, late), INVALID)
    const replaced = await createSetupLink(parts)
    await createSetupLink(parts)
    const early = { token: replaced.token.reveal(), personId: ada.id }
    await assert.rejects(redeemSetupLink(parts, early), INVALID)
  })

  test('a guessed, empty or oversized token is no link, and the store holds none', async () => {
    const parts = await testPeople(await open())
    const ada = await someone(parts, 'ada')
    const { token } = await createSetupLink(parts)
    for (const bad of ['', 'A'.repeat(43), 'x'.repeat(5_000), `${token.reveal()}A`]) {
      assert.equal(await isSetupLink(parts, bad), false)
      await assert.rejects(redeemSetupLink(parts, { token: bad, personId: ada.id }), INVALID)
    }
    const stored = await parts.storage.read.selectFrom('meta').selectAll().execute()
    const text = JSON.stringify([stored, await parts.recorded()])
    assert.ok(!text.includes(token.reveal()))
    assert.equal(String(token), '[redacted]')
  })

  test('a refused attempt does not use the link up', async () => {
    const parts = await testPeople(await open())
    const ada = await someone(parts, 'ada')
    const sam = await someone(parts, 'sam')
    await suspendPerson(parts, { personId: sam.id, by: 'operator', reason: 'test' })
    const token = (await createSetupLink(parts)).token.reveal()
    await assert.rejects(redeemSetupLink(parts, { token, personId: sam.id }), {
      code: 'person.suspended',
    })
    await assert.rejects(redeemSetupLink(parts, { token, personId: 'psn_nobody' }), {
      code: 'person.unknown',
    })
    await redeemSetupLink(parts, { token, personId: ada.id })
  })

  test('when the provider takes the only administrator away, whoever runs the server can make another', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    await mapGroup(parts, { issuer: PROVIDER, value: 'eng-it', group: ADMINISTRATORS, by })
    await someone(parts, 'ada', ['it'])
    await assert.rejects(createSetupLink(parts), { code: 'setup.closed' })
    await someone(parts, 'ada', [])
    assert.equal(await hasAdministrator(parts), false)
    const sam = await someone(parts, 'sam')
    const { token } = await createSetupLink(parts)
    await redeemSetupLink(parts, { token: token.reveal(), personId: sam.id })
    assert.equal(await hasAdministrator(parts), true)
  })
})
