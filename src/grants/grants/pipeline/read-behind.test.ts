import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrustedIssuer, VerifiedToken } from '../../../identity/issuers/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { readBehind } from './actors.ts'

const OURS = 'https://remit.example'
const THEIRS = 'https://agents.example'
const ACME = { name: 'acme', issuer: THEIRS } as TrustedIssuer // as: all that is looked at
const IMPOSTOR = { code: 'actor.impostor' }
const MALFORMED = { code: 'token.malformed' }

interface ActClaim {
  readonly iss: string
  readonly sub: string
  readonly sub_profile?: string
  readonly act?: ActClaim
}

/** Actors behind the one that shows this `act`; issuers are named like their addresses. */
function behind(act: unknown) {
  const parts = {
    issuer: OURS,
    issuers: {
      ofActor: async (by: TrustedIssuer, { iss }: { iss: string }) => {
        if (iss === 'https://unknown.example')
          throw new Problem('actor.not_trusted', 'the issuer of an actor is not trusted')
        return { ...by, name: iss === THEIRS ? 'acme' : iss }
      },
    },
  } as unknown as Parameters<typeof readBehind>[0] // as: all that is asked of it
  return readBehind(parts, { claims: { act }, issuer: ACME } as unknown as VerifiedToken) // as: all that is read of it
}

const actor = (sub: string, over: Partial<ActClaim> = {}): ActClaim => ({
  iss: THEIRS,
  sub,
  ...over,
})

/** A chain of so many agents. */
function chain(length: number): ActClaim {
  return Array.from({ length: length - 1 }, (_, i) => `b${i}`).reduce<ActClaim>(
    (act, sub) => actor(sub, { act }),
    actor('first'),
  )
}

test('a token without `act` has no actors behind it', async () => {
  assert.deepEqual(await behind(undefined), { actors: [], issuers: [] })
})

test('actors are kept in their order, and each issuer once', async () => {
  const inner = actor('c', { iss: 'https://other.example' })
  const act = actor('a', { act: actor('b', { act: inner }) })
  const { actors, issuers } = await behind(act)
  assert.deepEqual(
    actors.map(({ sub }) => sub),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(
    issuers.map(({ name }) => name),
    ['acme', 'https://other.example'],
  )
})

test('four may stand behind our agent, and no more', async () => {
  assert.equal((await behind(chain(4))).actors.length, 4)
  await assert.rejects(behind(chain(5)), { code: 'token.chain_too_deep' })
})

test('an agent is there once; another issuer may name one like it', async () => {
  await assert.rejects(behind(actor('a', { act: actor('a') })), MALFORMED)
  const other = actor('a', { iss: 'https://other.example' })
  assert.equal((await behind(actor('a', { act: other }))).actors.length, 2)
})

test('the issuer of each is trusted', async () => {
  const unknown = actor('b', { iss: 'https://unknown.example' })
  await assert.rejects(behind(actor('a', { act: unknown })), { code: 'actor.not_trusted' })
})

test('the name of an actor has 512 characters at most', async () => {
  assert.ok(await behind(actor('x'.repeat(512))))
  await assert.rejects(behind(actor('x'.repeat(513))), MALFORMED)
})

test('no person stands in the chain', async () => {
  for (const profile of ['user', 'user ai_agent', 'ai_agent user'])
    await assert.rejects(behind(actor('a', { sub_profile: profile })), MALFORMED, profile)
  for (const profile of ['ai_agent', 'superuser'])
    assert.ok(await behind(actor('a', { sub_profile: profile })), profile)
})

test('none claims to be of Remit, in its issuer or in its name', async () => {
  await assert.rejects(behind(actor('refund-bot', { iss: OURS })), IMPOSTOR)
  for (const kind of ['psn', 'tsk'])
    await assert.rejects(behind(actor(`${kind}_${'0'.repeat(22)}`)), IMPOSTOR, kind)
  assert.ok(await behind(actor('psn_short')))
})
