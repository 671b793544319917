import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgetUsed } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { DeliveryError } from '../../../platform/webhooks/index.ts'
import { someone, testPeople } from '../../people/testing.ts'
import type { NotificationParts } from '../parts.ts'
import { TestKind } from '../testing.ts'
import { CODE_LIFE_MS } from './own-channel.ts'
import { ownChannelsOf } from './own-channel-store.ts'
import { addOwnChannel, confirmOwnChannel, type OwnChannelAct, sendCodeTo } from './own-channels.ts'

const WRONG = { code: 'notification.wrong_code' }
const TOO_OFTEN = { code: 'notification.too_often' }
const HOUR = 3_600_000

forEachEngine('the code of a channel', (open) => {
  async function begin() {
    const people = await testPeople(await open())
    const pager = new TestKind()
    const parts = { ...people, channels: [], kinds: [pager] } as unknown as NotificationParts // as: what codes need
    // At the beginning of an hour, and so of a minute.
    people.clock.advance(HOUR - (people.clock.now() % HOUR))
    const owner = async (name: string) => {
      const { id: by } = await someone(people, name)
      const add = async (): Promise<OwnChannelAct> => {
        const { id } = await addOwnChannel(parts, { owner: by, kind: 'pager', typed: '1', by })
        return { owner: by, id, by }
      }
      return { add, by }
    }
    const sam = await owner('sam')
    const act = await sam.add()
    const send = (of = act) => sendCodeTo(parts, of)
    const confirm = (code: string, of = act) => confirmOwnChannel(parts, { ...of, code })
    const isConfirmed = async () => {
      const [own] = await ownChannelsOf(people.storage.read, act.owner)
      return own?.confirmedAt !== null
    }
    return { act, clock: people.clock, confirm, isConfirmed, owner, pager, parts, sam, send }
  }

  test('confirms the channel that it went to, once', async () => {
    const { clock, confirm, isConfirmed, pager, send } = await begin()
    await send()
    const [message] = pager.sent
    assert.match(pager.code, /^\d{6}$/)
    const [told] = message?.notification.announcements ?? []
    assert.equal(told?.expiresAt, clock.now() + CODE_LIFE_MS)
    assert.ok(told?.sentence.includes(pager.code))
    assert.deepEqual([told?.recipients, told?.facts, told?.path], [[], [], '/notifications'])
    assert.equal(await isConfirmed(), false)
    await confirm(` ${pager.code} `)
    assert.equal(await isConfirmed(), true)
    await assert.rejects(confirm(pager.code), WRONG)
  })

  test('is of no other channel', async () => {
    const { clock, confirm, pager, sam, send } = await begin()
    const other = await sam.add()
    await send()
    const first = pager.code
    clock.advance(60_000)
    await send(other)
    await assert.rejects(confirm(first, other), WRONG)
    await assert.rejects(confirm(pager.code), WRONG)
    await confirm(pager.code, other)
    await confirm(first)
  })

  test('works for ten minutes', async () => {
    const { clock, confirm, pager, send } = await begin()
    await send()
    clock.advance(CODE_LIFE_MS)
    await assert.rejects(confirm(pager.code), WRONG)
    await send()
    clock.advance(CODE_LIFE_MS - 1)
    await confirm(pager.code)
  })

  test('works after four wrong tries, and not after five', async () => {
    const { clock, confirm, isConfirmed, pager, send } = await begin()
    await send()
    const wrong = pager.code === '000000' ? '111111' : '000000'
    for (let i = 0; i < 5; i++) await assert.rejects(confirm(wrong), WRONG)
    await assert.rejects(confirm(pager.code), WRONG)
    clock.advance(60_000)
    await send()
    for (let i = 0; i < 4; i++) await assert.rejects(confirm(wrong), WRONG)
    await confirm(pager.code)
    assert.equal(await isConfirmed(), true)
  })

  test('is sent once a minute, and six times an hour, to each person', async () => {
    const { act, clock, owner, pager, send } = await begin()
    await send()
    clock.advance(59_999)
    await assert.rejects(send(), TOO_OFTEN)
    for (let i = 1; i < 6; i++) {
      clock.advance(i === 1 ? 1 : 60_000)
      await send()
    }
    clock.advance(60_000)
    await assert.rejects(send(), TOO_OFTEN)
    const fiona = await owner('fiona')
    await send(await fiona.add())
    assert.equal(pager.sent.length, 7)
    clock.advance(HOUR - (clock.now() % HOUR) - 1)
    await assert.rejects(send(act), TOO_OFTEN)
    clock.advance(1)
    await send()
  })

  test('is counted until its minute and its hour are over, whatever is forgotten meanwhile', async () => {
    const { clock, parts, send } = await begin()
    await send()
    clock.advance(59_999)
    await forgetUsed(parts.storage, clock.now())
    await assert.rejects(send(), TOO_OFTEN)
    for (let i = 1; i < 6; i++) {
      clock.advance(i === 1 ? 1 : 60_000)
      await send()
    }
    clock.advance(HOUR - (clock.now() % HOUR) - 1)
    await forgetUsed(parts.storage, clock.now())
    await assert.rejects(send(), TOO_OFTEN)
  })

  test('of before is worth nothing where the next is refused or sent', async () => {
    const { clock, confirm, pager, send } = await begin()
    await send()
    const first = pager.code
    await assert.rejects(send(), TOO_OFTEN)
    clock.advance(60_000)
    await send()
    if (first !== pager.code) await assert.rejects(confirm(first), WRONG)
    await confirm(pager.code)
  })

  test('that was not sent confirms nothing, and its person is told why', async () => {
    const { act, clock, confirm, pager, parts, send } = await begin()
    pager.failure = new DeliveryError('550 no such number', { lasting: true })
    await assert.rejects(send(), { code: 'notification.not_sent' })
    const [own] = await ownChannelsOf(parts.storage.read, act.owner)
    assert.equal(own?.codeUntil, 0)
    await assert.rejects(confirm('000000'), WRONG)
    clock.advance(60_000)
    const failure = new Error('the wire is cut')
    pager.failure = failure
    await assert.rejects(send(), failure)
  })

  test('has all of its digits, also where its number is small', async () => {
    const { act, confirm, pager, parts } = await begin()
    const random = { bytes: (count: number) => new Uint8Array(count).fill(0) }
    await sendCodeTo({ ...parts, random: { ...parts.random, ...random } }, act)
    assert.equal(pager.code, '000000')
    await confirm('000000')
  })
})
