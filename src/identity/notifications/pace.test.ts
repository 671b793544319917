import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../platform/lib/id.ts'
import { HOUR, MINUTE } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { someone, testPeople } from '../people/testing.ts'
import type { Delivery } from './delivery.ts'
import { insertDeliveries } from './delivery-store.ts'
import { chooseNow } from './pace.ts'
import type { TimedQuestion } from './parts.ts'

forEachEngine('the pace of messages', (open) => {
  async function begin(questions?: Readonly<Record<string, Partial<TimedQuestion>>>) {
    const people = await testPeople(await open())
    const { clock, random, storage } = people
    const { id: recipient } = await someone(people, 'sam')
    const to = { recipient, channel: 'email' }
    const now = clock.now()
    const deliveryOf = (subject: string, over: Partial<Delivery> = {}): Delivery => ({
      ...{ id: newId('delivery', random), eventId: newId('event', random), kind: 'request' },
      ...{ subject, ...to, state: 'waiting', attempts: 0, nextAt: now, createdAt: now },
      ...{ endedAt: null, seenAt: null, problem: null, receipt: null, ...over },
    })
    const sent = (subject: string, over: Partial<Delivery> = {}) =>
      deliveryOf(subject, { state: 'sent', endedAt: now, ...over })
    const timedQuestions = async (_db: unknown, subjects: readonly string[]) =>
      new Map(
        subjects.flatMap((subject): [string, TimedQuestion][] => {
          const question = questions?.[subject]
          const usual = { agent: 'bot', isRisky: false, expiresAt: now + HOUR }
          return question ? [[subject, { ...usual, ...question }]] : []
        }),
      )
    /** Subjects of the messages that are sent now, and for each other message the time until which it waits. */
    const chosen = async (past: readonly Delivery[], due: readonly Delivery[]) => {
      const parts = questions ? { timedQuestions } : {}
      const goes = await storage.transaction(async (tx) => {
        await insertDeliveries(tx, [...past, ...due])
        return chooseNow(parts, tx, to, { due, now })
      })
      const rows = await storage.read
        .selectFrom('deliveries')
        .select(['subject', 'next_at'])
        .where('state', '=', 'waiting')
        .where('next_at', '>', now)
        .execute()
      return {
        goes: goes.map(({ subject }) => subject),
        waits: Object.fromEntries(rows.map((row) => [row.subject, row.next_at - now])),
      }
    }
    return { chosen, deliveryOf, sent }
  }

  test('is by kind where nothing is a question', async () => {
    for (const questions of [undefined, {}]) {
      const { chosen, deliveryOf, sent } = await begin(questions)
      const due = [deliveryOf('one'), deliveryOf('two', { kind: 'notice' })]
      const told = await chosen([sent('zero')], due)
      assert.deepEqual(told, { goes: ['two'], waits: { one: MINUTE } })
    }
  })

  test('is that of the agent, of which one risky question takes the others along', async () => {
    const questions = { zero: {}, one: {}, two: { isRisky: true }, three: { agent: 'helper' } }
    const { chosen, deliveryOf, sent } = await begin(questions)
    const due = ['one', 'two', 'three'].map((subject) => deliveryOf(subject))
    const told = await chosen([sent('zero')], due)
    assert.deepEqual(told, { goes: ['one', 'two', 'three'], waits: {} })
  })

  test('has plain questions of an agent wait, and nothing of another', async () => {
    const questions = { zero: {}, one: {}, two: {}, three: { agent: 'helper' } }
    const { chosen, deliveryOf, sent } = await begin(questions)
    const due = ['one', 'two', 'three'].map((subject) => deliveryOf(subject))
    const told = await chosen([sent('zero')], due)
    assert.deepEqual(told, { goes: ['three'], waits: { one: MINUTE, two: MINUTE } })
  })
})
