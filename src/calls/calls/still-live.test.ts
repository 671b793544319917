import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveView } from '../../platform/revocation/index.ts'
import type { KnownIdentity } from './identify.ts'
import { dependencyViews, mayContinue, renewViews, stillLive, ticketOf } from './still-live.ts'
import type { ValidityCheck } from './verdict.ts'

const NOT_AFTER = 1_000
const DEADLINE = 2_000

const viewOf = (hash: string): LiveView => ({ states: [], hash, dead: [] })
const view = viewOf('view')
const also = viewOf('also')
const word = viewOf('word')
const limits = viewOf('limits')

/** State of the server around a permit that rests on four views, and on a surface where one is named. */
function permit({ surface, ...over }: Partial<ValidityCheck> = {}) {
  const ticket: ValidityCheck = {
    also,
    word,
    limits,
    surface,
    notAfter: NOT_AFTER,
    deadline: DEADLINE,
    ...over,
  }
  const rests = { view, ticket }
  const changed = new Set<LiveView>()
  const silent = new Set<string>()
  const at = (now: number, broken?: string) => {
    const parts = {
      live: { holds: (each: LiveView) => !changed.has(each) },
      clock: { now: () => now },
      ledger: { broken },
      facts: { isHeard: (id?: string) => !silent.has(String(id)) },
    }
    return [stillLive(parts, rests), mayContinue(parts, rests)]
  }
  return { at, changed, rests, silent }
}

test('a call begins until token and task have ended, and goes on until the task has', () => {
  const { at } = permit()
  assert.deepEqual(at(NOT_AFTER - 1), [true, true])
  assert.deepEqual(at(NOT_AFTER), [false, true])
  assert.deepEqual(at(DEADLINE - 1), [false, true])
  assert.deepEqual(at(DEADLINE), [false, false])
})

test('a call begins until its token or its task has ended, whichever is first', () => {
  for (const [exp, deadline, notAfter] of [
    [1, 2_000, 1_000],
    [3, 2_000, 2_000],
  ] as const) {
    const who = { claims: { exp }, held: { task: { deadline } } }
    const ticket = ticketOf(who as KnownIdentity, { also, where: undefined }) // as: only what is looked at
    assert.deepEqual([ticket.notAfter, ticket.deadline], [notAfter, deadline])
  }
})

test('a call whose task ends with its token does not begin at that end', () => {
  const { at } = permit({ notAfter: DEADLINE })
  assert.deepEqual(at(DEADLINE - 1), [true, true])
  assert.deepEqual(at(DEADLINE), [false, false])
})

for (const each of [view, also, word])
  test(`no call begins or goes on when its view "${each.hash}" holds no longer`, () => {
    const { at, changed } = permit()
    changed.add(each)
    assert.deepEqual(at(0), [false, false])
  })

test('a limit that was set meanwhile stops what has not begun, and cuts nothing', () => {
  const { at, changed } = permit()
  changed.add(limits)
  assert.deepEqual(at(0), [false, true])
})

test('a call without limits, and without a word, rests on the other views alone', () => {
  const { at, changed } = permit({ limits: undefined, word: undefined })
  assert.deepEqual(at(0), [true, true])
  changed.add(also)
  assert.deepEqual(at(0), [false, false])
})

test('no call begins or goes on when the ledger is broken', () => {
  assert.deepEqual(permit().at(0, 'the store failed'), [false, false])
})

test('a call in a conversation rests on the surface that reports it, and on no other', () => {
  const { at, silent } = permit({ surface: 'chat' })
  silent.add('other')
  assert.deepEqual(at(0), [true, true])
  silent.add('chat')
  assert.deepEqual(at(0), [false, false])
})

test('a call outside of conversations asks for no surface', () => {
  const { at, silent } = permit()
  silent.add('undefined')
  assert.deepEqual(at(0), [true, true])
})

test('views that were read again stand for the first ones, until they hold no longer', () => {
  const { at, changed, rests } = permit()
  const again = viewOf('again')
  assert.deepEqual(dependencyViews(rests), [view, also, word])
  renewViews(rests, [again])
  assert.deepEqual(dependencyViews(rests), [again])
  for (const each of [view, also, word, limits]) changed.add(each)
  assert.deepEqual(at(0), [true, true])
  changed.add(again)
  assert.deepEqual(at(0), [false, false])
})
