import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR, MINUTE } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { forgetEnded } from '../identity-providers/forget.ts'
import { someone, type TestPeople, testPeople } from '../people/testing.ts'
import { csrfToken, isCsrfToken } from './csrf.ts'
import { openSession } from './open-session.ts'
import { endSession, readSession } from './read-session.ts'
import { resumePerson, suspendPerson } from './suspend-person.ts'

async function signedIn(parts: TestPeople, kind: 'browser' | 'cli' = 'browser', replaces?: string) {
  const { id } = await someone(parts, 'sam')
  const authTime = parts.clock.now()
  const opening = { personId: id, kind, authTime, ...(replaces ? { replaces } : {}) }
  return { id, token: (await openSession(parts, opening)).token.reveal() }
}

forEachEngine('sessions', (open) => {
  test('a session tells who holds its token; the store knows only a digest', async () => {
    const parts = await testPeople(await open())
    const { id, token } = await signedIn(parts)
    const found = await readSession(parts, token)
    assert.equal(found?.person.id, id)
    assert.equal(found?.session.kind, 'browser')
    const rows = await parts.storage.read.selectFrom('sessions').selectAll().execute()
    assert.doesNotMatch(JSON.stringify([rows, await parts.recorded()]), new RegExp(token))
  })

  test('a browser is signed out after an hour of silence, and after twelve hours in any case', async () => {
    const parts = await testPeople(await open())
    const { token } = await signedIn(parts)
    parts.clock.advance(HOUR - 1)
    assert.ok(await readSession(parts, token))
    parts.clock.advance(HOUR)
    assert.equal(await readSession(parts, token), undefined)

    const busy = await signedIn(parts)
    for (let minutes = 30; minutes < 12 * 60; minutes += 30) {
      parts.clock.advance(30 * MINUTE)
      assert.ok(await readSession(parts, busy.token), `after ${minutes} minutes`)
    }
    parts.clock.advance(30 * MINUTE)
    assert.equal(await readSession(parts, busy.token), undefined)
  })

  test('the CLI may be silent, and is signed out after twelve hours', async () => {
    const parts = await testPeople(await open())
    const { token } = await signedIn(parts, 'cli')
    parts.clock.advance(12 * HOUR - 1)
    assert.ok(await readSession(parts, token))
    parts.clock.advance(1)
    assert.equal(await readSession(parts, token), undefined)
  })

  test('a clock that is set back does not revive a session', async () => {
    const parts = await testPeople(await open())
    const { token } = await signedIn(parts)
    parts.clock.advance(2 * HOUR)
    await forgetEnded(parts)
    parts.clock.jump(-2 * HOUR)
    assert.equal(await readSession(parts, token), undefined)
  })

  test('a token planted before the sign-in is worth nothing after it (session fixation)', async () => {
    const parts = await testPeople(await open())
    const planted = await signedIn(parts)
    const fresh = await signedIn(parts, 'browser', planted.token)
    assert.notEqual(fresh.token, planted.token)
    assert.equal(await readSession(parts, planted.token), undefined)
    assert.ok(await readSession(parts, fresh.token))
  })

  test('after signing out the token is dead, and signing out twice is no error', async () => {
    const parts = await testPeople(await open())
    const { token } = await signedIn(parts)
    await endSession(parts, token)
    await endSession(parts, token)
    assert.equal(await readSession(parts, token), undefined)
  })

  test('signing out is recorded once, and of nobody where nobody was signed in', async () => {
    const parts = await testPeople(await open())
    const { token } = await signedIn(parts)
    for (let i = 0; i < 3; i++) await endSession(parts, token)
    const ended = (await parts.recorded()).filter(({ type }) => type === 'session.ended')
    assert.equal(ended.length, 1)
  })

  test('the time of the last look moves after a minute, and is not written before', async () => {
    const parts = await testPeople(await open())
    const { token } = await signedIn(parts)
    const lastSeen = async () => (await readSession(parts, token))?.session.lastSeenAt
    const begun = parts.clock.now()
    parts.clock.advance(MINUTE - 1)
    await readSession(parts, token)
    assert.equal(await lastSeen(), begun)
    parts.clock.advance(1)
    await readSession(parts, token)
    assert.equal(await lastSeen(), begun + MINUTE)
  })

  test('a session that is left of a person who may not act is worth nothing', async () => {
    const parts = await testPeople(await open())
    const { id, token } = await signedIn(parts)
    await parts.storage.transaction((tx) =>
      tx.updateTable('persons').set({ status: 'suspended' }).where('id', '=', id).execute(),
    )
    assert.equal(await readSession(parts, token), undefined)
  })

  test('what does not look like a token is nobody', async () => {
    const parts = await testPeople(await open())
    const { token } = await signedIn(parts)
    for (const bad of [
      '',
      'x',
      `${token}=`,
      `${token}A`,
      token.slice(1),
      `${token.slice(0, -1)}!`,
    ]) {
      assert.equal(await readSession(parts, bad), undefined)
      await endSession(parts, bad)
    }
    assert.ok(await readSession(parts, token))
  })

  test('suspending a person ends every session and their liveness; resuming brings no session back', async () => {
    const parts = await testPeople(await open())
    const { id, token } = await signedIn(parts)
    const change = { personId: id, by: 'operator', reason: 'left the company' }
    await suspendPerson(parts, change)
    assert.equal(await readSession(parts, token), undefined)
    assert.equal((await parts.liveOf('person', id)).state, 'suspended')
    const opening = { personId: id, kind: 'browser', authTime: 0 } as const
    await assert.rejects(openSession(parts, opening), { code: 'person.suspended' })
    await suspendPerson(parts, change)
    await resumePerson(parts, change)
    assert.equal(await readSession(parts, token), undefined)
    assert.equal((await parts.liveOf('person', id)).state, 'active')
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.equal(types.filter((type) => type === 'person.suspended').length, 1)
    await assert.rejects(suspendPerson(parts, { ...change, personId: 'psn_nobody' }), {
      code: 'person.unknown',
    })
  })

  test('of sign-ins that race with a suspension none leaves a session behind', async () => {
    const parts = await testPeople(await open())
    const { id } = await someone(parts, 'sam')
    const opening = { personId: id, kind: 'browser', authTime: 0 } as const
    const tries = Array.from({ length: 16 }, () =>
      openSession(parts, opening).catch(() => undefined),
    )
    tries.splice(
      8,
      0,
      suspendPerson(parts, { personId: id, by: 'x', reason: 'x' }).then(() => undefined),
    )
    for (const opened of await Promise.all(tries))
      if (opened) assert.equal(await readSession(parts, opened.token.reveal()), undefined)
    const left = await parts.storage.read.selectFrom('sessions').selectAll().execute()
    assert.equal(left.length, 0)
  })

  test('a sign-in time in the future is not believed', async () => {
    const parts = await testPeople(await open())
    const { id } = await someone(parts, 'sam')
    const now = parts.clock.now()
    const opening = { personId: id, kind: 'browser', authTime: now + HOUR } as const
    assert.equal((await openSession(parts, opening)).session.authTime, now)
  })
})

test('a form token belongs to one session', () => {
  const token = csrfToken('session-a')
  assert.ok(isCsrfToken('session-a', token))
  for (const bad of [csrfToken('session-b'), '', undefined, null, 7, token.slice(1), [token]])
    assert.ok(!isCsrfToken('session-a', bad))
  assert.doesNotMatch(token, /session-a/)
})
