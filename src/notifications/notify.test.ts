import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signInPerson } from '../identity-providers/sign-in-person.ts'
import { PROVIDER, type TestPeople, testPeople } from '../people/testing.ts'
import { forEachEngine } from '../storage/testing.ts'
import { addEvent } from './add-event.ts'
import type { Announcement } from './announcement.ts'
import { DeliveryError } from './channel.ts'
import { nextMessageAt } from './deliver.ts'
import { deliveriesAbout } from './delivery-store.ts'
import { forgetDeliveries, notifyOnce } from './notify.ts'
import type { NotificationParts } from './parts.ts'
import { TestChannel } from './testing.ts'

forEachEngine('telling people', (open) => {
  async function ready() {
    const people = await testPeople(await open())
    const sink = new TestChannel()
    const known = new Map<string, Announcement>()
    const parts: NotificationParts = {
      ...people,
      channels: [sink],
      announcers: {
        request: async (subject) => known.get(subject),
        consent: async () => undefined,
        notice: async () => undefined,
      },
    }
    const sam = await person(people, 'Sam')
    const about = (
      agent: string,
      sentence = 'Refund 900.00',
      recipients = [sam],
    ): Announcement => ({
      ...{ recipients, agent, sentence, title: 'Somebody has to approve it', facts: [] },
      ...{ path: '/approvals/x', expiresAt: people.clock.now() + 3_600_000 },
    })
    let count = 0
    const ask = async (announcement: Announcement) => {
      const subject = `req_${count++}`
      known.set(subject, announcement)
      const at = people.clock.now()
      await people.storage.transaction((tx) =>
        addEvent(people, tx, { kind: 'request', subject, at }),
      )
      return subject
    }
    const states = async (subject: string) =>
      (await deliveriesAbout(people.storage.read, subject, 100)).map(({ state }) => state)
    const { clock } = people
    return { about, ask, clock, known, parts, people, sam, sink, states }
  }

  function person(people: TestPeople, name: string, email = `${name.toLowerCase()}@example.com`) {
    const issuedAt = people.clock.now()
    return signInPerson(people, { issuer: PROVIDER, subject: name, name, email, issuedAt })
  }

  test('an event is told at once, and once, however many servers look', async () => {
    const { about, ask, parts, sink, states } = await ready()
    const subject = await ask(about('refund-bot'))
    await Promise.all(Array.from({ length: 4 }, () => notifyOnce(parts)))
    await notifyOnce(parts)
    assert.deepEqual(
      sink.sent.map(({ to, notification }) => [to, notification.announcements[0]?.sentence]),
      [['sam@example.com', 'Refund 900.00']],
    )
    assert.deepEqual(await states(subject), ['sent'])
  })

  test('an event is gone with the transaction that made it', async () => {
    const { parts, people, sink } = await ready()
    const failed = people.storage.transaction(async (tx) => {
      await addEvent(people, tx, { kind: 'request', subject: 'req_none', at: people.clock.now() })
      throw new Error('undone')
    })
    await assert.rejects(failed, /undone/)
    await notifyOnce(parts)
    assert.deepEqual(sink.sent, [])
  })

  test('many events make few messages, which show something of every agent first', async () => {
    const { about, ask, clock, parts, sink } = await ready()
    await ask(about('loud-bot', 'first'))
    await notifyOnce(parts)
    for (let i = 0; i < 30; i++) await ask(about('loud-bot', `loud ${i}`))
    await ask(about('quiet-bot', 'quiet'))
    await notifyOnce(parts)
    clock.advance(59_000)
    await notifyOnce(parts)
    assert.equal(sink.sent.length, 1, 'nothing within a minute of the first')
    clock.advance(1_000)
    await notifyOnce(parts)
    assert.equal(sink.sent.length, 2)
    const { announcements, more } = sink.sent[1]?.notification ?? { announcements: [], more: 0 }
    assert.ok(announcements.slice(0, 2).some(({ sentence }) => sentence === 'quiet'))
    assert.deepEqual([announcements.length, more], [10, 21])
  })

  test('the pause doubles with each message of the last hour, up to a quarter of an hour', () => {
    const minutes = (...times: readonly number[]) =>
      nextMessageAt(times.map((each) => each * 60_000)) / 60_000
    assert.deepEqual(
      [minutes(), minutes(5), minutes(5, 6), minutes(5, 6, 8), minutes(0, 1, 3, 7, 15, 30)],
      [0, 6, 8, 12, 45],
    )
  })

  test('what cannot be sent is tried again, later each time, and given up in the end', async () => {
    const { about, ask, clock, known, parts, sink, states } = await ready()
    sink.failure = new DeliveryError('421 try later', { lasting: false })
    const subject = await ask(about('refund-bot'))
    const expiresAt = clock.now() + 86_400_000
    known.set(subject, { ...about('refund-bot'), expiresAt })
    const tries: number[] = []
    const began = clock.now()
    sink.before = async () => tries.push((clock.now() - began) / 1000)
    for (let i = 0; i < 2_000 && (await states(subject))[0] !== 'failed'; i++) {
      await notifyOnce(parts)
      clock.advance(10_000)
    }
    assert.deepEqual(tries, [0, 10, 70, 370, 1270, 3070, 6670])
    const [delivery] = await deliveriesAbout(parts.storage.read, subject, 1)
    assert.deepEqual([delivery?.state, delivery?.problem], ['failed', '421 try later'])
  })

  test('a refusal that lasts is not tried again, and a failure comes through later', async () => {
    const { about, ask, clock, parts, sink, states } = await ready()
    sink.failure = new DeliveryError('550 no such mailbox', { lasting: true })
    const refused = await ask(about('refund-bot'))
    await notifyOnce(parts)
    assert.deepEqual(await states(refused), ['failed'])
    sink.failure = new Error('connection reset')
    const late = await ask(about('refund-bot'))
    await notifyOnce(parts)
    assert.deepEqual(await states(late), ['waiting'])
    sink.failure = undefined
    clock.advance(10_000)
    await notifyOnce(parts)
    assert.deepEqual(await states(late), ['sent'])
  })

  test('who sends and dies is followed by another server after two minutes', async () => {
    const { about, ask, clock, parts, sink, states } = await ready()
    const subject = await ask(about('refund-bot'))
    const arrived = Promise.withResolvers<void>()
    sink.before = () => {
      arrived.resolve()
      return new Promise<never>(() => {}) // dies here
    }
    void notifyOnce(parts)
    await arrived.promise
    sink.before = async () => {}
    clock.advance(119_000)
    await notifyOnce(parts)
    assert.deepEqual(await states(subject), ['waiting'])
    clock.advance(1_000)
    await notifyOnce(parts)
    assert.deepEqual(await states(subject), ['sent'])
  })

  test('nobody is told of what is answered, over, or theirs no more by then', async () => {
    const { about, ask, clock, known, parts, people, sink, states } = await ready()
    const other = await person(people, 'Ada')
    await ask(about('refund-bot'))
    await notifyOnce(parts)
    const answered = await ask(about('refund-bot'))
    const taken = await ask(about('refund-bot'))
    const over = await ask({ ...about('refund-bot'), expiresAt: clock.now() + 30_000 })
    await notifyOnce(parts)
    known.delete(answered)
    known.set(taken, about('refund-bot', 'Refund', [other]))
    clock.advance(60_000)
    await notifyOnce(parts)
    assert.equal(sink.sent.length, 1)
    for (const subject of [answered, taken, over])
      assert.deepEqual(await states(subject), ['withdrawn'])
  })

  test('who cannot be reached holds nobody else up, and it is forgotten after a month', async () => {
    const { about, ask, clock, parts, people, sam, sink, states } = await ready()
    const nobody = await signInPerson(people, {
      ...{ issuer: PROVIDER, subject: 'no', name: 'No Address', issuedAt: clock.now() },
    })
    const subject = await ask(about('refund-bot', 'Refund', [nobody, sam]))
    await notifyOnce(parts)
    assert.deepEqual(
      sink.sent.map(({ to }) => to),
      ['sam@example.com'],
    )
    clock.advance(30 * 86_400_000)
    await forgetDeliveries(parts)
    assert.deepEqual(await states(subject), ['sent'])
    clock.advance(1)
    await forgetDeliveries(parts)
    assert.deepEqual(await states(subject), [])
  })
})
