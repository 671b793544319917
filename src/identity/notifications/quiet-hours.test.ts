import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { someone, testPeople } from '../people/testing.ts'
import { quietEnd, quietHoursOf, quietUntil, setQuietHours } from './quiet-hours.ts'

const BERLIN = { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: 'Europe/Berlin' }
const at = (time: string) => Date.parse(time)

test('quiet hours over midnight are those of the zone', () => {
  assert.equal(quietEnd(BERLIN, at('2026-11-30T20:59:59Z')), undefined)
  assert.equal(quietEnd(BERLIN, at('2026-11-30T21:00:00Z')), at('2026-12-01T06:00:00Z'))
  assert.equal(quietEnd(BERLIN, at('2026-12-01T05:59:59Z')), at('2026-12-01T06:00:00Z'))
  assert.equal(quietEnd(BERLIN, at('2026-12-01T06:00:00Z')), undefined)
  assert.equal(quietEnd(BERLIN, at('2026-07-01T20:30:00Z')), at('2026-07-02T05:00:00Z'))
})

test('quiet hours within a day end on that day', () => {
  const noon = { fromMinute: 12 * 60, toMinute: 13 * 60, timeZone: 'Asia/Kolkata' }
  assert.equal(quietEnd(noon, at('2026-11-30T06:45:00Z')), at('2026-11-30T07:30:00Z'))
  assert.equal(quietEnd(noon, at('2026-11-30T07:30:00Z')), undefined)
})

test('quiet hours of a minute hold for that minute, and begin at its first millisecond', () => {
  const minute = { fromMinute: 720, toMinute: 721, timeZone: 'UTC' }
  const end = at('2026-11-30T12:01:00Z')
  for (const time of ['2026-11-30T12:00:00Z', '2026-11-30T12:00:30.5Z', '2026-11-30T12:00:59.999Z'])
    assert.equal(quietEnd(minute, at(time)), end)
  assert.equal(quietEnd(minute, end), undefined)
  assert.equal(quietEnd(minute, at('2026-11-30T11:59:59.999Z')), undefined)
})

forEachEngine('quiet hours', (open) => {
  async function begin() {
    const people = await testPeople(await open())
    const [sam, fiona, finn] = [
      await someone(people, 'sam'),
      await someone(people, 'fiona'),
      await someone(people, 'finn'),
    ]
    const set = (typed: Parameters<typeof setQuietHours>[2], person = sam) =>
      setQuietHours(people, person, typed)
    const kept = async (...of: readonly string[]) =>
      Object.fromEntries(await quietHoursOf(people.storage.read, of))
    return { fiona, finn, kept, people, sam, set }
  }

  const NIGHT = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin' }

  test('are kept for their person, replaced, and taken away', async () => {
    const { fiona, kept, sam, set } = await begin()
    await set({ from: ' 22:00 ', to: '07:05', timeZone: ' europe/berlin ' })
    const hours = { fromMinute: 1_320, toMinute: 425, timeZone: 'Europe/Berlin' }
    assert.deepEqual(await kept(), {})
    const { personId, ...read } = { personId: '', ...(await kept(sam.id, fiona.id))[sam.id] }
    assert.deepEqual([personId, read], [sam.id, hours])
    await set({ from: '00:00', to: '23:59', timeZone: 'UTC' }, fiona)
    await set({ from: '23:59', to: '00:00', timeZone: 'UTC' })
    const both = await kept(sam.id, fiona.id)
    assert.deepEqual([both[sam.id]?.fromMinute, both[sam.id]?.toMinute], [1_439, 0])
    await set(undefined)
    assert.deepEqual(Object.keys(await kept(sam.id, fiona.id)), [fiona.id])
  })

  test('are two different times of the day, in a zone that there is', async () => {
    const { kept, sam, set } = await begin()
    const code = 'notification.bad_quiet_hours'
    for (const over of [
      ...['', '24:00', '7:00', '22:60', 'x22:00', '22:00x', '22.00'].map((from) => ({ from })),
      ...['', '24:00', '07:000'].map((to) => ({ to })),
      { to: '22:00' },
    ])
      await assert.rejects(set({ ...NIGHT, ...over }), { code, detail: /^quiet hours are two/ })
    for (const timeZone of ['', 'Berlin', 'Europe/Nowhere'])
      await assert.rejects(set({ ...NIGHT, timeZone }), { code, detail: /^a time zone is/ })
    assert.deepEqual(await kept(sam.id), {}, 'nothing of it is kept')
  })

  test('put a message off for those who have them, while others are told', async () => {
    const { fiona, finn, people, sam, set } = await begin()
    const now = people.clock.now()
    const clockTime = (ms: number) => new Date(now + ms).toISOString().slice(11, 16)
    const around = { from: clockTime(-3_600_000), to: clockTime(3_600_000), timeZone: 'UTC' }
    const later = { from: clockTime(3_600_000), to: clockTime(7_200_000), timeZone: 'UTC' }
    await set(around)
    await set(later, finn)
    const until = async (
      recipients: readonly (typeof sam)[],
      over: { expiresAt?: number | null; urgentFor?: readonly string[] } = {},
    ) => {
      const announcement = { recipients, expiresAt: now + 1, ...over }
      const found = await quietUntil(
        people,
        announcement as unknown as Parameters<typeof quietUntil>[1],
      ) // as: all that is looked at
      return [...found.keys()]
    }
    const end = quietEnd(
      (await quietHoursOf(people.storage.read, [sam.id])).get(sam.id) ?? assert.fail(),
      now,
    )
    assert.ok(end !== undefined && end > now)
    assert.deepEqual(await until([sam, fiona]), [sam.id])
    assert.deepEqual(await until([sam, finn]), [sam.id], 'those of finn come later')
    assert.deepEqual(await until([fiona]), [])
    // A question that no other person hears waits only where it can.
    assert.deepEqual(await until([sam]), [])
    assert.deepEqual(await until([sam], { expiresAt: end }), [])
    assert.deepEqual(await until([sam], { expiresAt: end + 1 }), [sam.id])
    assert.deepEqual(await until([sam], { expiresAt: null }), [sam.id])
    // People on call have none.
    assert.deepEqual(await until([sam, fiona], { urgentFor: [sam.id] }), [])
    assert.deepEqual(await until([sam, fiona], { urgentFor: [fiona.id] }), [sam.id])
    await set(around, fiona)
    assert.deepEqual(await until([sam, fiona]), [])
    assert.deepEqual((await until([sam, fiona], { expiresAt: null })).length, 2)
  })
})
