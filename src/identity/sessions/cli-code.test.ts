import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256url } from '../../platform/lib/bytes.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { someone, type TestPeople, testPeople } from '../people/testing.ts'
import { issueCliCode, redeemCliCode } from './cli-code.ts'
import { readSession } from './read-session.ts'
import { suspendPerson } from './suspend-person.ts'

const verifier = 'v'.repeat(43)
const redirectUri = 'http://127.0.0.1:41234/done'
const INVALID = { code: 'cli_code.invalid' }

async function issued(parts: TestPeople) {
  const person = await someone(parts, 'ada')
  const request = { personId: person.id, authTime: 7, challenge: sha256url(verifier), redirectUri }
  return { person, code: (await issueCliCode(parts, request)).reveal() }
}

forEachEngine('logging in by CLI', (open) => {
  test('a code becomes a session of the CLI with the time of the sign-in', async () => {
    const parts = await testPeople(await open())
    const { person, code } = await issued(parts)
    const { token } = await redeemCliCode(parts, { code, verifier, redirectUri })
    const found = await readSession(parts, token.reveal())
    assert.equal(found?.person.id, person.id)
    assert.equal(found?.session.kind, 'cli')
    assert.equal(found?.session.authTime, 7)
  })

  test('a code works once, however many try at once', async () => {
    const parts = await testPeople(await open())
    const { code } = await issued(parts)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, () => redeemCliCode(parts, { code, verifier, redirectUri })),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  test('a stolen code is worth nothing without the verifier, and is used up by the attempt', async () => {
    const parts = await testPeople(await open())
    const { code } = await issued(parts)
    const stolen = { code, verifier: 'w'.repeat(43), redirectUri }
    await assert.rejects(redeemCliCode(parts, stolen), INVALID)
    await assert.rejects(redeemCliCode(parts, { code, verifier, redirectUri }), INVALID)
  })

  test('a code ends after a minute and goes back only where it was sent', async () => {
    const parts = await testPeople(await open())
    const late = await issued(parts)
    parts.clock.advance(60_000)
    await assert.rejects(redeemCliCode(parts, { code: late.code, verifier, redirectUri }), INVALID)
    const elsewhere = { code: (await issued(parts)).code, verifier, redirectUri: `${redirectUri}2` }
    await assert.rejects(redeemCliCode(parts, elsewhere), INVALID)
  })

  test('a person who was suspended meanwhile gets no session', async () => {
    const parts = await testPeople(await open())
    const { person, code } = await issued(parts)
    await suspendPerson(parts, { personId: person.id, by: 'operator', reason: 'test' })
    await assert.rejects(redeemCliCode(parts, { code, verifier, redirectUri }), {
      code: 'person.suspended',
    })
  })

  test('a code goes to a literal loopback address only', async () => {
    const parts = await testPeople(await open())
    const { id } = await someone(parts, 'ada')
    const request = { personId: id, authTime: 0, challenge: sha256url(verifier) }
    for (const bad of [
      'http://localhost:1/done',
      'https://127.0.0.1:1/done',
      'http://127.0.0.1.evil.example/done',
      'http://127.0.0.1@evil.example/done',
      'http://evil.example/127.0.0.1',
      'http://2130706433:1/done',
      'http://127.1:1/done',
      'http://127.0.0.1:1/done#x',
      'http://127.0.0.1:1/done?x=y',
      'http://127.0.0.1:1/a/../done',
      'HTTP://127.0.0.1:1/done',
      '/done',
      '',
    ])
      await assert.rejects(issueCliCode(parts, { ...request, redirectUri: bad }), {
        code: 'cli_code.bad_request',
      })
    await issueCliCode(parts, { ...request, redirectUri: 'http://[::1]:41234/done' })
    for (const challenge of ['', 'short', 'plain-text-verifier', `${sha256url('x')}=`])
      await assert.rejects(issueCliCode(parts, { ...request, challenge, redirectUri }), {
        code: 'cli_code.bad_request',
      })
  })
})
