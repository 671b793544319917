import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Person } from '../../identity/people/index.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { escalationRounds } from './escalation-rounds.ts'

const times = (now: number, expiresAt = 60 * MINUTE) => ({ createdAt: 0, expiresAt, now })
// as: nothing but its id is looked at
const person = (id: string) => ({ id }) as Person
const [ana, ben, cara, dan] = ['ana', 'ben', 'cara', 'dan'].map(person)
const FINANCE = new Map([['group:finance', [ana, ben, cara, dan].flatMap((each) => each ?? [])]])
const ids = (people: readonly Person[]) => people.map(({ id }) => id as string)

test('without an order everybody is told at once', () => {
  const turns = escalationRounds(FINANCE, new Map(), times(0))
  assert.deepEqual(ids(turns.told), ['ana', 'ben', 'cara', 'dan'])
  assert.deepEqual([turns.onCall, turns.nextAt], [[], undefined])
})

test('who is on call is told first, the next after five minutes, the others after them', () => {
  const orders = new Map([['group:finance', ['cara', 'ana']]])
  const at = (minutes: number) => escalationRounds(FINANCE, orders, times(minutes * MINUTE))
  assert.deepEqual([ids(at(0).told), at(0).nextAt], [['cara'], 5 * MINUTE])
  assert.deepEqual([ids(at(5).told), at(5).nextAt], [['ana', 'cara'], 10 * MINUTE])
  assert.deepEqual([ids(at(10).told), at(10).nextAt], [['ana', 'ben', 'cara', 'dan'], undefined])
  assert.deepEqual(at(10).onCall, ['ana', 'cara'])
})

test('whoever may not answer is passed over', () => {
  const orders = new Map([['group:finance', ['gone', 'ben']]])
  assert.deepEqual(ids(escalationRounds(FINANCE, orders, times(0)).told), ['ben'])
})

test('an order of which nobody may answer holds nobody up', () => {
  const turns = escalationRounds(FINANCE, new Map([['group:finance', ['gone']]]), times(0))
  assert.equal(turns.told.length, 4)
  assert.equal(turns.nextAt, undefined)
})

test('of two names that mean a person, the earlier turn counts', () => {
  const names = new Map([...FINANCE, ['person:dan', [dan].flatMap((each) => each ?? [])]])
  const turns = escalationRounds(names, new Map([['group:finance', ['ana', 'ben']]]), times(0))
  assert.deepEqual(ids(turns.told), ['ana', 'dan'])
})

test('everybody is told within half of the time there is', () => {
  const orders = new Map([['group:finance', ['ana', 'ben', 'cara']]])
  const turns = escalationRounds(FINANCE, orders, times(3 * MINUTE, 6 * MINUTE))
  assert.equal(turns.told.length, 4)
  assert.equal(escalationRounds(FINANCE, orders, times(0, 6 * MINUTE)).nextAt, MINUTE)
})
