import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { DeliveryError } from '../../platform/webhooks/index.ts'
import { signInPerson } from '../identity-providers/sign-in-person.ts'
import { PROVIDER, type TestPeople, testPeople } from '../people/testing.ts'
import { addEvent } from './add-event.ts'
import type { Announcement } from './announcement.ts'
import type { Recipient } from './delivery.ts'
import { deliveriesAbout } from './delivery-store.ts'
import { expandEvents } from './expand.ts'
import { forgetDeliveries, notifyOnce } from './notify.ts'
import {
  addOwnChannel,
  confirmOwnChannel,
  removeOwnChannel,
  sendCodeTo,
} from './own-channels/own-channels.ts'
import { nextMessageAt } from './pace.ts'
import type { NotificationParts, TimedQuestion } from './parts.ts'
import { chooseUse, preferChannel, routesOf } from './routes.ts'
import { TestChannel, TestKind } from './testing.ts'

forEachEngine('telling people', (open) => {
  async function ready() {
    const people = await testPeople(await open())
    const sink = new TestChannel()
    const pager = new TestKind()
    const known = new Map<string, Announcement>()
    const timed = new Map<string, TimedQuestion>()
    const parts: NotificationParts = {
      ...people,
      channels: [sink],
      kinds: [pager, new TestKind('fax')],
      timedQuestions: async (_db, subjects) =>
        new Map(
          subjects.flatMap((subject) => {
            const question = timed.get(subject)
            return question ? [[subject, question]] : []
          }),
        ),
      announcers: {
        request: async (subject) => known.get(subject),
        reminder: async (subject) => known.get(subject),
        expired: async () => undefined,
        consent: async () => undefined,
        report: async () => undefined,
        notice: async () => undefined,
        passkey: async () => undefined,
        break_glass: async () => undefined,
        review_due: async () => undefined,
        reviewed: async () => undefined,
        stand_in: async () => undefined,
        stand_in_ended: async () => undefined,
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
    const ask = async (announcement: Announcement, isRisky = false) => {
      const subject = `req_${count++}`
      known.set(subject, announcement)
      const { agent, expiresAt } = announcement
      timed.set(subject, { agent, isRisky, expiresAt: expiresAt ?? Number.MAX_SAFE_INTEGER })
      const at = people.clock.now()
      await people.storage.transaction((tx) =>
        addEvent(people, tx, { kind: 'request', subject, at }),
      )
      return subject
    }
    const states = async (subject: string) =>
      (await deliveriesAbout(people.storage.read, subject, 100)).map(({ state }) => state)
    const { clock } = people
    const added = async (
      owner: Recipient = sam.id,
      { confirm = true, kind = 'pager' }: { confirm?: boolean; kind?: string } = {},
    ) => {
      const own = await addOwnChannel(parts, { owner, kind, typed: '012345', by: sam.id })
      const act = { owner, id: own.id, by: sam.id }
      if (!confirm) return { act, channel: `${kind}:${own.id}` }
      const by = parts.kinds.find(({ name }) => name === kind) as TestKind // as: those above
      await sendCodeTo(parts, act)
      await confirmOwnChannel(parts, { ...act, code: by.code })
      by.sent.length = 0
      clock.advance(60_000)
      return { act, channel: `${kind}:${own.id}` }
    }
    const channelsOf = async (subject: string) =>
      (await deliveriesAbout(people.storage.read, subject, 100)).map(
        ({ channel, state }) => `${channel.split(':')[0]} ${state}`,
      )
    return { about, added, ask, channelsOf, clock, known, pager, parts, people, sam, sink, states }
  }

  function person(people: TestPeople, name: string, email = `${name.toLowerCase()}@example.com`) {
    const issuedAt = people.clock.now()
    return signInPerson(people, { issuer: PROVIDER, subject: name, name, email, issuedAt })
  }

  test('channels are added twelve times an hour, and their service is asked nothing after that', async () => {
    const { clock, parts, people, sam } = await ready()
    let asked = 0
    const locate = async (settings: string) => `${settings}${asked++}`
    const withService = {
      ...parts,
      kinds: [Object.assign(new TestKind(), { locate })],
    }
    const given = { owner: sam.id, kind: 'pager', typed: '1', by: sam.id }
    const add = async () => {
      const { id } = await addOwnChannel(withService, given)
      await removeOwnChannel(parts, { owner: sam.id, id, by: sam.id })
    }
    const tooOften = (error: unknown) =>
      error instanceof Problem && error.code === 'notification.too_often'
    clock.advance(3_600_000 - (clock.now() % 3_600_000))
    for (let i = 0; i < 12; i++) await add()
    await assert.rejects(add(), tooOften)
    assert.equal(asked, 12)
    const other = (await person(people, 'Olga')).id
    await addOwnChannel(withService, { ...given, owner: other, by: other })
    clock.advance(3_600_000)
    await add()
  })

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

  test('A10: many events of an agent make few messages, which delay no other agent', async () => {
    const { about, ask, clock, parts, sink } = await ready()
    await ask(about('loud-bot', 'first'))
    await notifyOnce(parts)
    for (let i = 0; i < 30; i++) await ask(about('loud-bot', `loud ${i}`))
    await ask(about('quiet-bot', 'quiet'))
    await notifyOnce(parts)
    const sentences = () =>
      sink.sent.map(({ notification }) =>
        notification.announcements.map(({ sentence }) => sentence),
      )
    assert.deepEqual(sentences(), [['first'], ['quiet']], 'M3: another agent goes at once')
    clock.advance(59_000)
    await notifyOnce(parts)
    assert.equal(sink.sent.length, 2, 'nothing of it within a minute of the first')
    clock.advance(1_000)
    await ask(about('quiet-bot', 'quiet again'))
    await notifyOnce(parts)
    assert.equal(sink.sent.length, 3)
    const { announcements, more } = sink.sent[2]?.notification ?? { announcements: [], more: 0 }
    assert.ok(announcements.slice(0, 2).some(({ sentence }) => sentence === 'quiet again'))
    assert.deepEqual([announcements.length, more], [10, 21])
  })

  test('M3: high risk and what ends within twice the pause are told at once, however much was told before', async () => {
    const { about, ask, clock, parts, sink, states } = await ready()
    const told = async (...of: Parameters<typeof ask>) => {
      const subject = await ask(...of)
      await notifyOnce(parts)
      return (await states(subject))[0] === 'sent'
    }
    const lasts = (minutes: number) => ({
      ...about('refund-bot'),
      expiresAt: clock.now() + minutes * 60_000,
    })
    assert.ok(await told(about('refund-bot')))
    assert.ok(!(await told(about('refund-bot'))))
    for (let i = 0; i < 5; i++) {
      clock.advance(15 * 60_000)
      await notifyOnce(parts)
      assert.ok(!(await told(about('refund-bot'))))
    }
    assert.ok(await told(about('refund-bot'), true))
    assert.ok(await told(lasts(16)))
    assert.ok(!(await told(lasts(17))))
    assert.equal(
      sink.sent.at(-1)?.notification.announcements.length,
      1,
      'what waits goes on waiting',
    )
    clock.advance(1)
    assert.ok(await told(about('other-bot')), 'the first of another agent')
  })

  test('the pause doubles with each message of the last hour, up to a quarter of an hour', () => {
    const minutes = (...times: readonly number[]) =>
      nextMessageAt(times.map((each) => each * 60_000)) / 60_000
    assert.deepEqual(
      [minutes(), minutes(5), minutes(5, 6), minutes(5, 6, 8), minutes(0, 1, 3, 7, 15, 30)],
      [0, 6, 8, 12, 45],
    )
  })

  test('a person who may not answer any more when the message is sent is not told', async () => {
    const { about, ask, clock, known, parts, people, sink, states } = await ready()
    sink.failure = new DeliveryError('421 try later', { lasting: false })
    const [subject, other] = [
      await ask(about('refund-bot', 'theirs no more')),
      await ask(about('refund-bot')),
    ]
    await notifyOnce(parts)
    const fiona = await person(people, 'Fiona')
    known.set(subject, about('refund-bot', 'theirs no more', [fiona]))
    sink.failure = undefined
    clock.advance(10_000)
    await notifyOnce(parts)
    assert.deepEqual(
      sink.sent.map(({ notification }) =>
        notification.announcements.map(({ sentence }) => sentence),
      ),
      [['Refund 900.00']],
    )
    assert.deepEqual([await states(subject), await states(other)], [['withdrawn'], ['sent']])
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
    const over = await ask(about('refund-bot'))
    await notifyOnce(parts)
    known.set(over, { ...about('refund-bot'), expiresAt: clock.now() + 30_000 })
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

  test('what one channel cannot deliver in three attempts goes by the next, and once', async () => {
    const { about, added, ask, channelsOf, clock, pager, parts, sam, sink } = await ready()
    const { channel } = await added()
    await chooseUse(parts, { person: sam, channel, use: 'fallback' })
    const fine = await ask(about('refund-bot'))
    await notifyOnce(parts)
    assert.deepEqual(await channelsOf(fine), ['email sent'], 'the other is for when it fails')
    clock.advance(3_600_000)
    sink.failure = new Error('connection reset')
    const subject = await ask(about('refund-bot'))
    for (const pause of [0, 10_000, 60_000]) {
      assert.deepEqual(pager.sent, [])
      clock.advance(pause)
      await Promise.all(Array.from({ length: 3 }, () => notifyOnce(parts)))
    }
    await notifyOnce(parts)
    assert.deepEqual(await channelsOf(subject), ['email failed', 'pager sent'])
    assert.equal(pager.sent.length, 1)
  })

  test('a lasting refusal goes on at once, in the order of the person, until no channel is left', async () => {
    const { about, added, ask, channelsOf, clock, pager, parts, sam, sink } = await ready()
    const first = await added()
    const second = await added(sam.id, { kind: 'fax' })
    for (const { channel } of [first, second])
      await chooseUse(parts, { person: sam, channel, use: 'fallback' })
    await preferChannel(parts, { person: sam, channel: second.channel })
    assert.deepEqual(
      (await routesOf(parts, sam)).map(({ channel }) => channel),
      ['email', second.channel, first.channel],
    )
    const lasting = new DeliveryError('no', { lasting: true })
    Object.assign(sink, { failure: lasting, before: async () => clock.advance(1) })
    for (const kind of parts.kinds) Object.assign(kind, { failure: lasting })
    const subject = await ask(about('refund-bot'))
    for (let i = 0; i < 5; i++) {
      await notifyOnce(parts)
      clock.advance(1)
    }
    assert.deepEqual(await channelsOf(subject), ['email failed', 'fax failed', 'pager failed'])
    assert.deepEqual(pager.sent, [])
  })

  test('who was told by one channel is not told again because another fails', async () => {
    const { about, added, ask, channelsOf, parts, sam, sink } = await ready()
    await added()
    const spare = await added(sam.id, { kind: 'fax' })
    await chooseUse(parts, { person: sam, channel: spare.channel, use: 'fallback' })
    sink.failure = new DeliveryError('550', { lasting: true })
    const subject = await ask(about('refund-bot'))
    for (let i = 0; i < 3; i++) await notifyOnce(parts)
    assert.deepEqual((await channelsOf(subject)).toSorted(), ['email failed', 'pager sent'])
  })

  test('a channel is told nothing but a code before it is confirmed, and nothing when it is off or removed', async () => {
    const { about, added, ask, channelsOf, pager, parts, sam } = await ready()
    await added(sam.id, { confirm: false })
    await ask(about('refund-bot'))
    await notifyOnce(parts)
    const { act, channel } = await added()
    await chooseUse(parts, { person: sam, channel, use: 'off' })
    await ask(about('refund-bot'))
    await notifyOnce(parts)
    await chooseUse(parts, { person: sam, channel, use: 'always' })
    const late = await ask(about('refund-bot'))
    await expandEvents(parts)
    await removeOwnChannel(parts, act)
    await notifyOnce(parts)
    assert.deepEqual(pager.sent, [])
    assert.deepEqual((await channelsOf(late)).toSorted(), ['email waiting', 'pager withdrawn'])
    await assert.rejects(removeOwnChannel(parts, act), { code: 'notification.unknown_channel' })
  })

  test('a code works once, within ten minutes and five tries, for its own channel', async () => {
    const { added, clock, pager, parts } = await ready()
    const first = await added(undefined, { confirm: false })
    const other = await added(undefined, { confirm: false })
    const send = async () => {
      clock.advance(60_000)
      await sendCodeTo(parts, first.act)
      return pager.code
    }
    const confirm = (code: string, { act } = first) => confirmOwnChannel(parts, { ...act, code })
    const wrong = { code: 'notification.wrong_code' }
    await assert.rejects(confirm(''), wrong, 'none was sent')
    const old = await send()
    const code = await send()
    if (old !== code) await assert.rejects(confirm(old), wrong, 'a newer one was sent')
    await assert.rejects(confirm(code, other), wrong, 'of another channel')
    const bad = code === '000000' ? '111111' : '000000'
    await Promise.allSettled(Array.from({ length: 8 }, () => confirm(bad)))
    await assert.rejects(confirm(code), wrong, 'too many tries, wrong ones are counted')
    const fifth = await send()
    const guesses = Array.from({ length: 6 }, (_, i) => `${i}`.repeat(6)).filter(
      (each) => each !== fifth,
    )
    for (const guess of guesses.slice(0, 5)) await assert.rejects(confirm(guess), wrong)
    await assert.rejects(confirm(fifth), wrong, 'E19: the sixth try')
    const late = await send()
    clock.advance(600_000)
    await assert.rejects(confirm(late), wrong, 'too late')
    const last = await send()
    const tried = await Promise.allSettled([confirm(last), confirm(last)])
    assert.deepEqual(tried.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  })

  test('codes are sent once a minute and six times in an hour, and an owner has five channels', async () => {
    const { added, clock, pager, parts, sam } = await ready()
    clock.advance(3_600_000 - (clock.now() % 3_600_000))
    const tries = await Promise.allSettled(
      Array.from({ length: 7 }, () => added(sam.id, { confirm: false })),
    )
    const made = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    assert.equal(made.length, 5)
    const [first] = made
    assert.ok(first)
    await Promise.allSettled(Array.from({ length: 4 }, () => sendCodeTo(parts, first.act)))
    assert.equal(pager.sent.length, 1, 'one a minute')
    for (let i = 0; i < 20; i++) {
      clock.advance(60_000)
      await sendCodeTo(parts, first.act).catch(() => {})
    }
    assert.equal(pager.sent.length, 6)
    clock.advance(86_400_000)
    await forgetDeliveries(parts)
    await assert.rejects(sendCodeTo(parts, first.act), { code: 'notification.unknown_channel' })
  })

  test('the channel of a group is told what anybody in it may answer, and of nothing else', async () => {
    const { about, added, ask, channelsOf, clock, pager, parts, people } = await ready()
    await added('group:finance')
    const theirs = await ask({ ...about('refund-bot'), groups: ['finance'] })
    await ask({ ...about('refund-bot'), groups: ['support'] })
    await ask(about('refund-bot'))
    await notifyOnce(parts)
    clock.advance(900_000)
    await notifyOnce(parts)
    assert.equal(pager.sent.length, 1)
    assert.deepEqual((await channelsOf(theirs)).toSorted(), ['email sent', 'pager sent'])
    const records = (await people.recorded()).filter(({ type }) => type.startsWith('group_'))
    const facts = { group: 'finance', kind: 'pager', label: '45' }
    assert.deepEqual(
      records.map((each) => [each.type, each.facts]),
      [['group_channel.added', facts]],
    )
  })

  test('an address that is no more is removed, and the person is told by another', async () => {
    const { about, added, ask, channelsOf, pager, parts, sam, sink } = await ready()
    const { channel } = await added()
    await chooseUse(parts, { person: sam, channel: 'email', use: 'fallback' })
    pager.failure = new DeliveryError('410', { lasting: true, gone: true })
    const subject = await ask(about('refund-bot'))
    await notifyOnce(parts)
    await notifyOnce(parts)
    assert.deepEqual((await channelsOf(subject)).toSorted(), ['email sent', 'pager failed'])
    assert.equal(sink.sent.length, 1)
    assert.ok(!(await routesOf(parts, sam)).some((route) => route.channel === channel))
  })

  test('a message is rewritten to the outcome once nothing of it waits, by one server', async () => {
    const { about, added, ask, clock, known, pager, parts } = await ready()
    await added()
    const outcomeOf = async (_kind: string, subject: string) => `Approved ${subject}`
    const servers = { ...parts, outcomeOf }
    const subject = await ask(about('refund-bot'))
    await notifyOnce(servers)
    clock.advance(15_000)
    await notifyOnce(servers)
    assert.deepEqual(pager.rewritten, [], 'it waits')
    known.delete(subject)
    clock.advance(15_000)
    pager.failure = new DeliveryError('busy', { lasting: false })
    await notifyOnce(servers)
    pager.failure = undefined
    clock.advance(15_000)
    await Promise.all(Array.from({ length: 4 }, () => notifyOnce(servers)))
    clock.advance(15_000)
    await notifyOnce(servers)
    assert.deepEqual(pager.rewritten, [['012345 1', `Approved ${subject}`]])
  })

  test('a message about several things is rewritten when all are over, and one that only tells never', async () => {
    const { about, added, ask, clock, known, pager, parts } = await ready()
    await added()
    const [one, two] = [await ask(about('refund-bot')), await ask(about('other-bot'))]
    await notifyOnce(parts)
    known.delete(one)
    clock.advance(15_000)
    await notifyOnce(parts)
    assert.deepEqual(pager.rewritten, [])
    known.delete(two)
    clock.advance(15_000)
    await notifyOnce(parts)
    assert.deepEqual(pager.rewritten, [['012345 1', 'Answered, or over']])
    clock.advance(900_000)
    await ask({ ...about('refund-bot'), expiresAt: null })
    for (let i = 0; i < 3; i++) {
      await notifyOnce(parts)
      clock.advance(15_000)
    }
    assert.equal(pager.rewritten.length, 1)
  })
})
