import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addPasskey, SoftwareAuthenticator } from '../../identity/passkeys/testing.ts'
import { findPerson } from '../../identity/people/index.ts'
import { nameStandIn } from '../../identity/stand-ins/index.ts'
import { Live } from '../../platform/revocation/index.ts'
import { forEachEngine, timedBy } from '../../platform/storage/testing.ts'
import { findRequest } from '../access-requests/list.ts'
import { exactly } from './allowance/pattern.ts'
import { answerRequest, type RequestAnswer } from './answer.ts'
import { shownDigest, shownTo } from './answer-hash.ts'
import { batchForm, signBatch } from './sign-batch.ts'
import { addPerson, anAsk, anAsking, attached, type TestParts, testParts } from './testing.ts'

const SIGNED = anAsk({ signature: 'passkey' })
const DIFFERS = { code: 'approval.shown_differs' }

forEachEngine('approvals that are signed together', (open) => {
  let shared: Promise<TestParts> | undefined

  async function begin() {
    shared ??= open.shared().then(testParts)
    const known = await shared
    const parts = {
      ...known,
      live: new Live({ ...known, storage: timedBy(known.storage, known.clock) }),
      passkeys: { acts: new Set<never>(), operations: new Map(), recoveryWaitMs: 0 },
    }
    const maria = await addPerson(parts, 'support')
    const finn = await addPerson(parts, 'finance')
    const person = await findPerson(parts.storage.read, finn.id)
    assert.ok(person)
    const authenticator = new SoftwareAuthenticator(parts.issuer)
    await addPasskey(parts, person, authenticator)
    const ask = () => attached(parts, anAsking(parts, maria, { ask: SIGNED }))
    const signed = async (...requests: Awaited<ReturnType<typeof ask>>[]) => {
      const batch = { personId: finn.id, requests }
      const form = await batchForm(parts, batch)
      assert.ok(typeof form === 'object')
      const { options, ticket } = form
      return signBatch(parts, batch, { ticket, assertion: authenticator.sign(options) })
    }
    const say = (
      request: Awaited<ReturnType<typeof ask>>,
      over: Partial<RequestAnswer> = {},
      by = finn,
    ) =>
      answerRequest(parts, {
        ...{ requestId: request.id, person: by, answer: 'approve', authTime: 1 },
        shown: shownDigest(request),
        ...over,
      })
    const stateOf = async ({ id }: { readonly id: string }) => (await findRequest(parts, id))?.state
    return { ask, finn, maria, parts, say, signed, stateOf }
  }

  test('each is approved once, for as long as the signature says, and its record names the list', async () => {
    const { ask, parts, say, signed } = await begin()
    const [first, second] = [await ask(), await ask()]
    const batch = await signed(first, second)
    parts.clock.advance(60_000)
    for (const request of [first, second]) {
      const approved = await say(request, { batch })
      assert.deepEqual([approved.state, approved.usesLeft], ['approved', 1])
      assert.equal(approved.usableUntil, batch.issuedAt + 3_600_000)
      const record = (await parts.recorded()).findLast(({ type }) => type === 'approval.answered')
      assert.equal(record?.facts?.batch, batch.hash)
    }
  })

  test('what was not in the list, or stood there otherwise, is not approved', async () => {
    const { ask, parts, say, signed, stateOf } = await begin()
    const [listed, other] = [await ask(), await ask()]
    const batch = await signed(listed)
    await assert.rejects(say(other, { batch }), DIFFERS)
    await assert.rejects(
      say(listed, { batch: { ...batch, issuedAt: batch.issuedAt + 1 } }),
      DIFFERS,
    )
    const fay = await addPerson(parts, 'finance')
    await assert.rejects(say(listed, { batch }, fay), DIFFERS)
    await assert.rejects(say(listed), { code: 'passkey.required' })
    assert.deepEqual([await stateOf(listed), await stateOf(other)], ['pending', 'pending'])
  })

  test('a denial needs no place in a list', async () => {
    const { ask, say, signed } = await begin()
    const [listed, other] = [await ask(), await ask()]
    const batch = await signed(listed)
    assert.equal((await say(other, { answer: 'deny', batch })).state, 'denied')
  })

  test('a list approves once: not for more calls, not in the place of another person', async () => {
    const { ask, finn, parts, say, signed, stateOf } = await begin()
    const request = await ask()
    const batch = await signed(request)
    const pattern = exactly(request.inspected ?? [])
    const allowance = { tie: 'task', uses: 5, lifeSeconds: null, pattern } as const
    const wider = { allowance, shown: shownDigest(request, allowance) }
    await assert.rejects(say(request, { batch, ...wider }), DIFFERS)
    const boris = await addPerson(parts)
    const endsAt = parts.clock.now() + 3_600_000
    await nameStandIn(parts, { personId: finn.id, standIn: boris.id, endsAt })
    const absent = await findPerson(parts.storage.read, finn.id)
    const person = await findPerson(parts.storage.read, boris.id)
    assert.ok(absent && person)
    const authenticator = new SoftwareAuthenticator(parts.issuer)
    await addPasskey(parts, person, authenticator)
    const theirs = { personId: boris.id, requests: [request] }
    const form = await batchForm(parts, theirs)
    assert.ok(typeof form === 'object')
    const { options, ticket } = form
    const own = await signBatch(parts, theirs, { ticket, assertion: authenticator.sign(options) })
    const shown = shownTo({ ...person, standsInFor: absent }, shownDigest(request))
    await assert.rejects(say(request, { batch: own, shown }, boris), DIFFERS)
    assert.equal(await stateOf(request), 'pending')
  })
})
