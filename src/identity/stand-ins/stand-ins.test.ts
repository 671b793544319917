import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { mapGroup } from '../identity-providers/map-group.ts'
import { registerProvider } from '../identity-providers/register-provider.ts'
import { signInPerson } from '../identity-providers/sign-in-person.ts'
import { ADMINISTRATORS } from '../people/index.ts'
import { PROVIDER, someone, testPeople, withProvider } from '../people/testing.ts'
import { suspendPerson } from '../sessions/suspend-person.ts'
import { standInAnnouncers } from './announce.ts'
import { endStandIn } from './end-stand-in.ts'
import { nameStandIn } from './name-stand-in.ts'
import { MAX_STAND_INS } from './stand-in.ts'
import { openStandIns, peopleStoodInFor, standInsOf } from './stand-in-store.ts'

const NOT_POSSIBLE = { code: 'stand_in.not_possible' }

forEachEngine('a stand-in', (open) => {
  async function begin() {
    const parts = await testPeople(await open())
    await withProvider(parts)
    const map = { issuer: PROVIDER, value: 'eng-it', group: ADMINISTRATORS, by: 'operator' }
    await mapGroup(parts, map)
    const [ada, boris, chen] = [
      await someone(parts, 'ada'),
      await someone(parts, 'boris'),
      await someone(parts, 'chen'),
    ]
    const admin = await someone(parts, 'root', ['it'])
    const now = () => parts.clock.now()
    const name = (standIn = boris.id as string, days = 7, startsAt?: number, personId = ada.id) =>
      nameStandIn(parts, { personId, standIn, startsAt, endsAt: (startsAt ?? now()) + days * DAY })
    const heldBy = async ({ id }: { readonly id: string }) =>
      (await peopleStoodInFor(parts.storage.read, id, now())).map((each) => each.id)
    return { ada, admin, boris, chen, heldBy, name, now, parts }
  }

  test('holds from its beginning to its end, and both are told when it is named and begins', async () => {
    const { ada, boris, chen, heldBy, name, now, parts } = await begin()
    const { storage } = parts
    const later = await name('boris@example.com', 7, now() + DAY)
    assert.deepEqual(await heldBy(boris), [])
    const announcers = standInAnnouncers(parts)
    const told = async () => {
      const announced = await announcers.stand_in(later.id)
      return announced && [announced.title, announced.recipients.map(({ id }) => id)]
    }
    assert.deepEqual(await told(), ['A stand-in is named', [ada.id, boris.id]])
    const events = await storage.read.selectFrom('outbox_events').selectAll().execute()
    assert.deepEqual(
      events.map(({ due_at }) => due_at - now()).toSorted((a, b) => a - b),
      [0, DAY],
    )
    parts.clock.advance(DAY)
    assert.deepEqual(await heldBy(boris), [ada.id])
    assert.deepEqual((await told())?.[0], 'A stand-in answers from now on')
    assert.deepEqual(
      (await standInsOf(storage.read, [ada.id, chen.id], now())).map(({ id }) => id),
      [later.id],
    )
    parts.clock.advance(7 * DAY - 1)
    assert.deepEqual(await heldBy(boris), [ada.id])
    parts.clock.advance(1)
    assert.deepEqual(await heldBy(boris), [])
    assert.equal(await told(), undefined)
    assert.deepEqual(await standInsOf(storage.read, [ada.id], now()), [])
    assert.equal(await announcers.stand_in_ended(later.id), undefined)
  })

  test('is somebody else who is active, known by one address, and of the same provider', async () => {
    const { ada, boris, name, now, parts } = await begin()
    for (const wrong of [
      ada.id,
      'ada@example.com',
      'nobody@example.com',
      '',
      'psn_',
      `psn_${'A'.repeat(22)}`,
      'x'.repeat(5_000),
    ])
      await assert.rejects(name(wrong), NOT_POSSIBLE, wrong)
    const other = 'https://other.example'
    await registerProvider(parts, {
      issuer: other,
      name: 'Other',
      clientId: 'remit',
      by: 'operator',
    })
    const claims = { issuer: other, name: 'Mallory', groupValues: [], issuedAt: now() }
    const mallory = await signInPerson(parts, { ...claims, subject: 'm', email: 'm@example.com' })
    await assert.rejects(name(mallory.id), NOT_POSSIBLE)
    await assert.rejects(name('m@example.com'), NOT_POSSIBLE)
    // Somebody of another provider with the same address takes nothing away; a second one here does.
    await signInPerson(parts, { ...claims, subject: 'b', email: 'boris@example.com' })
    await name('boris@example.com')
    const twin = { ...claims, issuer: PROVIDER, subject: 'twin', email: 'boris@example.com' }
    await signInPerson(parts, twin)
    await assert.rejects(name('boris@example.com'), NOT_POSSIBLE)
    await suspendPerson(parts, { personId: boris.id, by: 'operator', reason: '' })
    await assert.rejects(name(boris.id), NOT_POSSIBLE)
    await suspendPerson(parts, { personId: ada.id, by: 'operator', reason: '' })
    await assert.rejects(name(mallory.id), NOT_POSSIBLE)
  })

  test('has a span that can be meant', async () => {
    const { ada, boris, now, parts } = await begin()
    const draft = { personId: ada.id, standIn: boris.id }
    for (const [startsAt, endsAt] of [
      ...[
        [undefined, now()],
        [undefined, now() - 1],
        [undefined, 0],
        [undefined, Number.NaN],
      ],
      ...[
        [undefined, now() + 90 * DAY + 1],
        [undefined, Number.MAX_SAFE_INTEGER * 2],
      ],
      ...[
        [now() - 6 * 60_000, now() + DAY],
        [0, now() + DAY],
        [Number.NaN, now() + DAY],
      ],
      ...[
        [now() + 2 * DAY, now() + DAY],
        [now() + 366 * DAY, now() + 367 * DAY],
      ],
      ...[
        [now() + DAY, now() + DAY],
        [-1, 1],
        [now() + 0.5, now() + DAY],
      ],
    ] as [number | undefined, number][]) // as: pairs
      await assert.rejects(
        nameStandIn(parts, { ...draft, startsAt, endsAt }),
        { code: 'stand_in.bad_span' },
        `${startsAt} to ${endsAt}`,
      )
    // A moment ago is now, and nothing begins before it was named.
    const { startsAt } = await nameStandIn(parts, {
      ...{ ...draft, startsAt: now() - 60_000, endsAt: now() + 90 * DAY },
    })
    assert.equal(startsAt, now())
  })

  test('begins at the edges of its span, and is told once where it begins at once', async () => {
    const { boris, chen, name, now, parts } = await begin()
    await name(` ${boris.id} `)
    const events = await parts.storage.read.selectFrom('outbox_events').selectAll().execute()
    assert.deepEqual(
      events.map(({ due_at }) => due_at - now()),
      [0],
    )
    assert.equal((await name(boris.id, 7, now() - 5 * 60_000)).startsAt, now())
    assert.equal((await name(chen.id, 7, now() + 365 * DAY)).startsAt, now() + 365 * DAY)
  })

  test('is named by nobody who is suspended or not there, whoever would stand in', async () => {
    const { ada, chen, name, parts } = await begin()
    await suspendPerson(parts, { personId: ada.id, by: 'operator', reason: '' })
    await assert.rejects(name(chen.id), NOT_POSSIBLE)
    await assert.rejects(name(chen.id, 7, undefined, `psn_${'A'.repeat(22)}`), NOT_POSSIBLE)
  })

  test('of others takes no place among those that a person names, and the other way round', async () => {
    const { ada, boris, chen, name } = await begin()
    for (let i = 0; i < MAX_STAND_INS.named; i++) {
      await name(boris.id)
      await name(ada.id, 7, undefined, chen.id)
    }
    await name(chen.id, 7, undefined, boris.id)
    for (let i = 1; i < MAX_STAND_INS.named; i++) await name(ada.id, 7, undefined, boris.id)
    await assert.rejects(name(ada.id, 7, undefined, boris.id), { code: 'stand_in.too_many' })
    await assert.rejects(name(boris.id, 7, undefined, chen.id), { code: 'stand_in.too_many' })
  })

  test('is one of a few, also when 16 are named at once', async () => {
    const { ada, boris, name, now, parts } = await begin()
    const done = await Promise.allSettled(Array.from({ length: 16 }, () => name()))
    const taken = done.filter(({ status }) => status === 'fulfilled')
    assert.equal(taken.length, MAX_STAND_INS.named)
    const full = { code: 'stand_in.too_many' }
    await assert.rejects(name(boris.id, 1, now() + DAY), full)
    const listed = await openStandIns(parts.storage.read, { now: now(), personId: ada.id })
    assert.equal(listed.length, MAX_STAND_INS.named)
    for (let i = MAX_STAND_INS.named; i < MAX_STAND_INS.held; i++)
      await name(boris.id, 1, undefined, (await someone(parts, `other-${i}`)).id)
    const last = await someone(parts, 'last')
    await assert.rejects(name(boris.id, 1, undefined, last.id), full)
    parts.clock.advance(DAY)
    await name(boris.id, 1, undefined, last.id)
  })

  test('is ended by either, or by an administrator, and by nobody else; once, and told', async () => {
    const { ada, admin, boris, chen, heldBy, name, parts } = await begin()
    const unknown = { code: 'stand_in.unknown' }
    for (const by of [ada, boris, admin]) {
      const { id } = await name()
      for (const foreign of [id.slice(0, -1), 'sti_', '', `sti_${'A'.repeat(22)}`])
        await assert.rejects(endStandIn(parts, { id: foreign, by }), unknown)
      await assert.rejects(endStandIn(parts, { id, by: chen }), unknown)
      assert.deepEqual(await heldBy(boris), [ada.id])
      const before = await parts.liveOf('person', ada.id)
      const ended = await Promise.all([1, 2, 3].map(() => endStandIn(parts, { id, by })))
      assert.deepEqual(
        ended.map(({ endedBy }) => endedBy),
        [by.id, by.id, by.id],
      )
      assert.deepEqual(await heldBy(boris), [])
      // What is under way by that word looks again.
      assert.equal((await parts.liveOf('person', ada.id)).epoch, before.epoch + 1)
      const announcers = standInAnnouncers(parts)
      assert.equal(await announcers.stand_in(id), undefined)
      const told = await announcers.stand_in_ended(id)
      assert.deepEqual(
        told?.recipients.map((each) => each.id),
        [ada.id, boris.id],
      )
      assert.ok(told?.facts.some(({ value }) => value === by.name))
    }
    const records = await parts.recorded()
    const of = (type: string) => records.filter((each) => each.type === type)
    assert.deepEqual(
      of('stand_in.ended').map(({ by }) => by),
      [ada.id, boris.id, admin.id],
    )
    assert.deepEqual(
      of('stand_in.named').map(({ by, facts }) => [by, facts?.answers]),
      [1, 2, 3].map(() => [ada.id, boris.id]),
    )
  })

  test('ends for good when either is suspended', async () => {
    const { ada, boris, chen, heldBy, name, now, parts } = await begin()
    const reason = ''
    await name(boris.id)
    await name(chen.id, 7, now() + DAY)
    await suspendPerson(parts, { personId: boris.id, by: 'operator', reason })
    assert.equal((await openStandIns(parts.storage.read, { now: now() })).length, 1)
    await suspendPerson(parts, { personId: ada.id, by: 'operator', reason })
    assert.deepEqual(await openStandIns(parts.storage.read, { now: now() }), [])
    parts.clock.advance(DAY)
    assert.deepEqual(await heldBy(chen), [])
  })
})
