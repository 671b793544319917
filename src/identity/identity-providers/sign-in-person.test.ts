import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { addMember, dropMember } from '../people/change-members.ts'
import { findPerson, findPersonBySubject, listPersons } from '../people/person-store.ts'
import { PROVIDER, someone, testPeople, withProvider } from '../people/testing.ts'
import { mapGroup, unmapGroup } from './map-group.ts'
import { signInPerson } from './sign-in-person.ts'

const by = 'operator'

forEachEngine('people and their groups', (open) => {
  test('the first sign-in makes the person, alive, with the groups that are mapped and no others', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts, 'support', 'finance')
    const person = await someone(parts, 'sam', ['support', 'unmapped'])
    assert.match(person.id, /^psn_/)
    assert.deepEqual(person.groups, ['support'])
    assert.deepEqual(await findPersonBySubject(parts.storage.read, PROVIDER, 'sam'), person)
    assert.equal((await parts.liveOf('person', person.id)).state, 'active')
  })

  test('a provider value that is spelled like a group of ours does not count', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    const claims = {
      issuer: PROVIDER,
      subject: 'mallory',
      name: 'M',
      email: undefined,
      issuedAt: 1,
    }
    const person = await signInPerson(parts, { ...claims, groupValues: ['administrators'] })
    assert.deepEqual(person.groups, [])
  })

  test('the same subject at another provider is another person', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    const here = await someone(parts, 'sam')
    const claims = { subject: 'sam', name: 'Sam', email: undefined, groupValues: [], issuedAt: 1 }
    const there = await signInPerson(parts, { ...claims, issuer: 'https://other.example' })
    assert.notEqual(here.id, there.id)
    const email = 'sam@example.com'
    const known = await signInPerson(parts, { ...claims, issuer: 'https://third.example', email })
    assert.equal(here.email, email)
    assert.notEqual(known.id, here.id, 'an address links nobody')
  })

  test('of many first sign-ins at once there is one person', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts, 'support')
    const ids = await Promise.all(
      Array.from({ length: 16 }, async () => (await someone(parts, 'sam', ['support'])).id),
    )
    assert.equal(new Set(ids).size, 1)
    assert.equal((await listPersons(parts.storage.read, { limit: 10 })).length, 1)
  })

  test('changed groups raise the epoch; an unchanged sign-in raises nothing and records nothing', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts, 'support', 'finance')
    const { id } = await someone(parts, 'sam', ['support'])
    const first = await parts.liveOf('person', id)
    const records = (await parts.recorded()).length
    await someone(parts, 'sam', ['support'])
    assert.deepEqual(await parts.liveOf('person', id), first)
    assert.equal((await parts.recorded()).length, records)
    assert.deepEqual((await someone(parts, 'sam', ['finance'])).groups, ['finance'])
    assert.equal((await parts.liveOf('person', id)).epoch, first.epoch + 1)
    assert.deepEqual((await parts.recorded()).at(-1)?.facts, {
      added: ['finance'],
      removed: ['support'],
    })
  })

  test('a token from before a person left a group does not bring the group back', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts, 'finance')
    const now = parts.clock.now()
    await someone(parts, 'fiona', ['finance'], now - 60_000)
    await someone(parts, 'fiona', [], now)
    const later = await someone(parts, 'fiona', ['finance'], now - 30_000)
    assert.deepEqual(later.groups, [])
  })

  test('silence about groups changes none, and no sign-in takes what an administrator gave', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts, 'support', 'finance')
    const { id, ...sam } = await someone(parts, 'sam', ['support'])
    await addMember(parts, { personId: id, group: 'finance', by })
    const claims = { ...sam, email: sam.email, issuedAt: parts.clock.now() }
    const silent = await signInPerson(parts, { ...claims, groupValues: undefined })
    assert.deepEqual(silent.groups, ['finance', 'support'])
    assert.deepEqual((await someone(parts, 'sam', [])).groups, ['finance'])
    await dropMember(parts, { personId: id, group: 'finance', by })
    assert.deepEqual((await findPerson(parts.storage.read, id))?.groups, [])
  })

  test('a token that says less changes nothing; an address that is no longer verified goes', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts, 'support')
    const sam = await someone(parts, 'sam', ['support'])
    const before = await parts.liveOf('person', sam.id)
    const little = { issuer: PROVIDER, subject: 'sam', issuedAt: parts.clock.now() }
    assert.deepEqual(await signInPerson(parts, little), sam)
    assert.deepEqual(await parts.liveOf('person', sam.id), before)
    assert.equal((await signInPerson(parts, { ...little, email: null })).email, undefined)
    assert.equal((await parts.liveOf('person', sam.id)).epoch, before.epoch + 1)
    const nameless = await signInPerson(parts, { ...little, subject: 'kim' })
    assert.equal(nameless.name, 'kim')
  })

  test('ending a mapping ends the memberships it gave, at once, and raises those people', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts, 'finance')
    const fiona = await someone(parts, 'fiona', ['finance'])
    const manual = await someone(parts, 'max')
    await addMember(parts, { personId: manual.id, group: 'finance', by })
    const before = await parts.liveOf('person', fiona.id)
    const other = await parts.liveOf('person', manual.id)
    await unmapGroup(parts, { issuer: PROVIDER, value: 'eng-finance', group: 'finance', by })
    assert.deepEqual((await findPerson(parts.storage.read, fiona.id))?.groups, [])
    assert.deepEqual((await findPerson(parts.storage.read, manual.id))?.groups, ['finance'])
    assert.equal((await parts.liveOf('person', fiona.id)).epoch, before.epoch + 1)
    assert.deepEqual(await parts.liveOf('person', manual.id), other)
  })

  test('mappings and members name groups and providers that exist', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    const { id } = await someone(parts, 'sam')
    const unknown = { code: 'group.unknown' }
    const mapping = { issuer: PROVIDER, value: 'x', group: 'nobody', by }
    await assert.rejects(mapGroup(parts, mapping), unknown)
    await assert.rejects(mapGroup(parts, { ...mapping, issuer: 'https://nowhere.example' }), {
      code: 'provider.unknown',
    })
    await assert.rejects(addMember(parts, { personId: id, group: 'nobody', by }), unknown)
    await assert.rejects(addMember(parts, { personId: 'psn_x', group: 'administrators', by }), {
      code: 'person.unknown',
    })
  })

  test('people are listed by name, page by page, and by group', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts, 'support')
    for (const name of ['d', 'a', 'c', 'b'])
      await someone(parts, name, name < 'c' ? ['support'] : [])
    const { read } = parts.storage
    const first = await listPersons(read, { limit: 2 })
    assert.deepEqual(
      first.map(({ subject }) => subject),
      ['a', 'b'],
    )
    const [, last] = first
    assert.ok(last)
    const second = await listPersons(read, { limit: 9, after: last })
    assert.deepEqual(
      second.map(({ subject }) => subject),
      ['c', 'd'],
    )
    const support = await listPersons(read, { limit: 9, group: 'support' })
    assert.deepEqual(
      support.map(({ groups }) => groups),
      [['support'], ['support']],
    )
    const large = await listPersons(read, { limit: 9, group: 'support', large: 1 })
    assert.deepEqual(large, support, 'a large group is gone through by name')
    const behind = await listPersons(read, { limit: 9, group: 'support', large: 1, after: last })
    assert.deepEqual(behind, [])
  })

  test('names and addresses are recorded as commitments only', async () => {
    const parts = await testPeople(await open())
    await withProvider(parts)
    await someone(parts, 'sam')
    const records = await parts.recorded()
    const created = records.find(({ type }) => type === 'person.created')
    assert.deepEqual(Object.keys(created?.commitments ?? {}).toSorted(), [
      'email',
      'name',
      'subject',
    ])
    assert.doesNotMatch(JSON.stringify(records), /\bsam\b/)
  })
})
