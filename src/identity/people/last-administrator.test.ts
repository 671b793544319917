import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { mapGroup, unmapGroup } from '../identity-providers/map-group.ts'
import { hasAdministrator } from '../sessions/setup-link.ts'
import { resumePerson, suspendPerson } from '../sessions/suspend-person.ts'
import { addMember, dropMember } from './change-members.ts'
import { ADMINISTRATORS } from './person.ts'
import { findPerson } from './person-store.ts'
import { PROVIDER, someone, testPeople, withProvider } from './testing.ts'

const by = 'operator'
const reason = 'test'
const LAST = { code: 'person.last_administrator' }
const MAPPING = { issuer: PROVIDER, value: 'eng-it', group: ADMINISTRATORS, by }

forEachEngine('the last administrator', (open) => {
  test('is neither suspended nor taken out of the group, by nobody, and nothing changes', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    const { id } = await someone(parts, 'ada')
    await addMember(parts, { personId: id, group: ADMINISTRATORS, by })
    const records = (await parts.recorded()).length
    const before = await parts.liveOf('person', id)
    await assert.rejects(suspendPerson(parts, { personId: id, by: id, reason }), LAST)
    await assert.rejects(dropMember(parts, { personId: id, group: ADMINISTRATORS, by: id }), LAST)
    const ada = await findPerson(parts.storage.read, id)
    assert.deepEqual([ada?.status, ada?.groups], ['active', [ADMINISTRATORS]])
    assert.equal((await parts.recorded()).length, records)
    assert.deepEqual(await parts.liveOf('person', id), before)
  })

  test('does not lose the mapping that makes them one', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    await mapGroup(parts, MAPPING)
    const ada = await someone(parts, 'ada', ['it'])
    await assert.rejects(unmapGroup(parts, MAPPING), LAST)
    assert.deepEqual((await findPerson(parts.storage.read, ada.id))?.groups, [ADMINISTRATORS])
    const sam = await someone(parts, 'sam')
    await addMember(parts, { personId: sam.id, group: ADMINISTRATORS, by })
    await unmapGroup(parts, MAPPING)
    assert.deepEqual((await findPerson(parts.storage.read, ada.id))?.groups, [])
  })

  test('is one although others are suspended, and is free once another is back', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    const ada = await someone(parts, 'ada')
    const sam = await someone(parts, 'sam')
    for (const { id } of [ada, sam]) {
      await addMember(parts, { personId: id, group: ADMINISTRATORS, by })
    }
    await suspendPerson(parts, { personId: sam.id, by, reason })
    await assert.rejects(suspendPerson(parts, { personId: ada.id, by, reason }), LAST)
    await resumePerson(parts, { personId: sam.id, by, reason })
    await suspendPerson(parts, { personId: ada.id, by, reason })
    assert.equal(await hasAdministrator(parts), true)
  })

  test('is left over when all of them suspend one another at once', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    const people = await Promise.all(
      ['ada', 'ben', 'cas', 'dov'].map((name) => someone(parts, name)),
    )
    for (const { id } of people) await addMember(parts, { personId: id, group: ADMINISTRATORS, by })
    const acts = await Promise.allSettled(
      people.map(({ id }) => suspendPerson(parts, { personId: id, by, reason })),
    )
    assert.equal(acts.filter(({ status }) => status === 'rejected').length, 1)
    assert.equal(await hasAdministrator(parts), true)
  })
})
