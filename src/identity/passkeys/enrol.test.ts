import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR, MINUTE } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import type { Person } from '../people/index.ts'
import { someone, type TestPeople, testPeople } from '../people/testing.ts'
import {
  anotherForm,
  type EnrolmentBasis,
  enrolmentBases,
  enrolmentForm,
  enrolPasskey,
  permitAnother,
  removePasskey,
} from './enrol.ts'
import { passkeysOf } from './passkey-store.ts'
import { permitRecovery, refuseRecovery } from './recovery.ts'
import { type Deceit, SoftwareAuthenticator } from './testing.ts'

const ORIGIN = 'https://remit.example'

forEachEngine('enrolling passkeys', (open) => {
  async function ready() {
    const parts = { ...(await testPeople(await open())), issuer: ORIGIN }
    const sam = await someone(parts, 'sam')
    return { parts, sam }
  }

  async function enrol(
    parts: TestPeople,
    person: Person,
    {
      authenticator = new SoftwareAuthenticator(ORIGIN),
      basis = 'first' as EnrolmentBasis,
      name = 'Phone',
      deceit = {} as Deceit,
    } = {},
  ) {
    const { options, ticket } = await enrolmentForm(parts, person, basis)
    const credential = authenticator.register(options, deceit)
    const passkey = await enrolPasskey(parts, { person, name, basis, ticket, credential })
    return { authenticator, credential, passkey, ticket }
  }

  test('the first one, which the ledger has with its public key, and its person is told', async () => {
    const { parts, sam } = await ready()
    const { passkey } = await enrol(parts, sam)
    assert.deepEqual(
      (await passkeysOf(parts.storage.read, sam.id)).map(({ counter, id, name, transports }) => ({
        ...{ counter, id, name, transports },
      })),
      [{ counter: 1, id: passkey.id, name: 'Phone', transports: 'internal' }],
    )
    const record = (await parts.recorded()).find(({ type }) => type === 'passkey.enrolled')
    const key = record?.facts?.public_key as { kty: string; x: string } // what the record says
    assert.deepEqual([record?.facts?.basis, key.kty, key.x.length], ['first', 'EC', 43])
    const events = await parts.storage.read
      .selectFrom('outbox_events')
      .select(['kind', 'subject'])
      .execute()
    assert.deepEqual(events, [{ kind: 'passkey', subject: passkey.id }])
  })

  test('not one that lies, was made elsewhere, for somebody else, before, or too late', async () => {
    const { parts, sam } = await ready()
    const lies: Deceit[] = [
      { origin: 'https://remit.example.evil' },
      { rpId: 'evil.example' },
      { challenge: 'x'.repeat(43) },
      { unverified: true },
    ]
    for (const deceit of lies)
      await assert.rejects(enrol(parts, sam, { deceit }), { code: 'passkey.invalid' })
    for (const name of ['', 'x'.repeat(61), 'a\u202eb'])
      await assert.rejects(enrol(parts, sam, { name }), { code: 'passkey.bad_name' })
    const { ticket, options } = await enrolmentForm(parts, sam, 'first')
    const credential = new SoftwareAuthenticator(ORIGIN).register(options)
    const given = { person: sam, name: 'Phone', basis: 'first', ticket, credential } as const
    for (const bad of ['', '{}', '[]', '{"id":1,"response":{}}', 'x'.repeat(20_000)])
      await assert.rejects(enrolPasskey(parts, { ...given, credential: bad }), {
        code: 'passkey.invalid',
      })
    const other = await someone(parts, 'maria')
    for (const wrong of [{ person: other }, { ticket: '' }, { ticket: 'AAAA' }])
      await assert.rejects(enrolPasskey(parts, { ...given, ...wrong }), {
        code: 'passkey.challenge_over',
      })
    parts.clock.advance(10 * MINUTE + 1)
    await assert.rejects(enrolPasskey(parts, given), { code: 'passkey.challenge_over' })
    assert.deepEqual(await passkeysOf(parts.storage.read, sam.id), [])
  })

  test('a second one needs a signature with the first, whoever signed in', async () => {
    const { parts, sam } = await ready()
    const { authenticator } = await enrol(parts, sam)
    const thief = new SoftwareAuthenticator(ORIGIN)
    const needs = { code: 'passkey.needs_permission' }
    await assert.rejects(enrol(parts, sam, { authenticator: thief }), needs)
    await assert.rejects(enrol(parts, sam, { authenticator: thief, basis: 'recovery' }), needs)
    const asked = await anotherForm(parts, sam.id)
    const permit = (assertion: string) =>
      permitAnother(parts, sam, { ticket: asked.ticket, assertion })
    await assert.rejects(permit(thief.sign(asked.options)), { code: 'passkey.invalid' })
    await assert.rejects(permit(thief.sign(asked.options, { id: authenticator.id })), {
      code: 'passkey.invalid',
    })
    const assertion = authenticator.sign(asked.options)
    const { options, ticket } = await permit(assertion)
    await assert.rejects(permit(assertion), { code: /passkey\.(used|cloned)/ })
    const credential = new SoftwareAuthenticator(ORIGIN).register(options)
    const second = { person: sam, name: 'Key', basis: 'passkey', ticket, credential } as const
    await enrolPasskey(parts, second)
    await assert.rejects(enrolPasskey(parts, second), { code: 'passkey.enrolled_before' })
    assert.equal((await passkeysOf(parts.storage.read, sam.id)).length, 2)
  })

  test('of many first ones at once, one', async () => {
    const { parts, sam } = await ready()
    const tried = await Promise.allSettled(Array.from({ length: 8 }, () => enrol(parts, sam)))
    assert.equal(tried.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  test('after the last is lost, a new one needs another administrator, and a day', async () => {
    const { parts, sam } = await ready()
    const ada = await someone(parts, 'ada', ['administrators'])
    const { passkey } = await enrol(parts, sam)
    await assert.rejects(removePasskey(parts, { id: passkey.id, personId: ada.id }), {
      code: 'passkey.unknown',
    })
    await removePasskey(parts, { id: passkey.id, personId: sam.id })
    const bases = () => enrolmentBases(parts.storage.read, sam.id, parts.clock.now())
    assert.deepEqual(await bases(), [])
    await assert.rejects(permitRecovery(parts, { personId: ada.id, by: ada.id }), {
      code: 'passkey.own_recovery',
    })
    await permitRecovery(parts, { personId: sam.id, by: ada.id })
    parts.clock.advance(24 * HOUR - 1)
    assert.deepEqual(await bases(), [])
    parts.clock.advance(1)
    assert.deepEqual(await bases(), ['recovery'])
    await enrol(parts, sam, { basis: 'recovery' })
    assert.deepEqual(await bases(), ['passkey'], 'the permission is used up')
  })

  test('a permission that its person refuses, or leaves, is over; a used one replaces all keys', async () => {
    const { parts, sam } = await ready()
    const ada = await someone(parts, 'ada')
    const { passkey } = await enrol(parts, sam)
    const bases = () => enrolmentBases(parts.storage.read, sam.id, parts.clock.now())
    await permitRecovery(parts, { personId: sam.id, by: ada.id })
    await refuseRecovery(parts, sam.id)
    parts.clock.advance(25 * HOUR)
    assert.deepEqual(await bases(), ['passkey'])
    await permitRecovery(parts, { personId: sam.id, by: ada.id })
    parts.clock.advance(9 * 24 * HOUR)
    assert.deepEqual(await bases(), ['passkey'])
    await permitRecovery(parts, { personId: sam.id, by: ada.id })
    parts.clock.advance(25 * HOUR)
    const { passkey: fresh } = await enrol(parts, sam, { basis: 'recovery' })
    const left = await passkeysOf(parts.storage.read, sam.id)
    assert.deepEqual([left.map(({ id }) => id), fresh.id === passkey.id], [[fresh.id], false])
  })

  test('not at an address, where browsers make none, and not without end', async () => {
    const { parts, sam } = await ready()
    await assert.rejects(
      enrolmentForm({ ...parts, issuer: 'http://127.0.0.1:7480' }, sam, 'first'),
      {
        code: 'passkey.not_usable_here',
      },
    )
    await enrol(parts, sam)
    for (let i = 1; i < 10; i++) await enrol(parts, sam, { basis: 'passkey' })
    await assert.rejects(enrol(parts, sam, { basis: 'passkey' }), { code: 'passkey.too_many' })
  })
})
