import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask } from '@remit/engine'
import { actBefore } from '../../../test/act-before.ts'
import { type PasskeyAct, passkeysOf, removePasskey } from '../../identity/passkeys/index.ts'
import { addPasskey, type Deceit, SoftwareAuthenticator } from '../../identity/passkeys/testing.ts'
import { findPerson } from '../../identity/people/index.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findRequest } from '../access-requests/list.ts'
import { exactly } from './allowance/pattern.ts'
import { answerRequest, type RequestAnswer } from './answer.ts'
import { shownDigest } from './answer-hash.ts'
import { approvalForm } from './sign-answer.ts'
import {
  addPerson,
  anAsk,
  anAsking,
  attached,
  leaveGroup,
  type TestParts,
  testParts,
} from './testing.ts'

const SIGNED = anAsk({ signature: 'passkey' })

forEachEngine('an approval that is signed with a passkey', (open) => {
  let shared: Promise<TestParts> | undefined

  async function begin({ ask = SIGNED as Ask, acts = [] as PasskeyAct[], counter = 1 } = {}) {
    shared ??= open.shared().then(testParts)
    const parts = {
      ...(await shared),
      passkeys: { acts: new Set(acts), operations: new Map(), recoveryWaitMs: 0 },
    }
    const maria = await addPerson(parts, 'support')
    const finn = await addPerson(parts, 'finance')
    const fay = await addPerson(parts, 'finance')
    const request = await attached(parts, anAsking(parts, maria, { ask }))
    const enrolled = async ({ id }: typeof finn) => {
      const person = await findPerson(parts.storage.read, id)
      assert.ok(person)
      const authenticator = new SoftwareAuthenticator(parts.issuer, { counter })
      await addPasskey(parts, person, authenticator)
      return authenticator
    }
    const form = async (by = finn, about = request) => {
      const shown = shownDigest(about)
      const approval = { request: about, personId: by.id, allowance: undefined, shown }
      const asked = await approvalForm(parts, approval)
      if (typeof asked !== 'object') throw new Error('it need not be signed')
      return asked
    }
    const say = (by: typeof finn, over: Partial<RequestAnswer> = {}) =>
      answerRequest(parts, {
        ...{ requestId: request.id, person: by, answer: 'approve', authTime: 1 },
        shown: shownDigest(request),
        ...over,
      })
    const state = async () => (await findRequest(parts, request.id))?.state
    return { enrolled, fay, finn, form, maria, parts, request, say, state }
  }

  test('counts with a signature over what was shown; the record has a receipt of it', async () => {
    const { enrolled, finn, form, parts, request, say } = await begin()
    const authenticator = await enrolled(finn)
    const { options, ticket } = await form()
    parts.clock.advance(3 * MINUTE)
    const assertion = authenticator.sign(options)
    const approved = await say(finn, { signature: { ticket, assertion } })
    assert.equal(approved.state, 'approved')
    // A signed approval ends when the page said, not later.
    assert.equal(approved.usableUntil, parts.clock.now() + 57 * MINUTE)
    const record = (await parts.recorded()).findLast(({ type }) => type === 'approval.answered')
    const receipt = record?.facts?.receipt as { domain: string; statement: Record<string, unknown> } // as the record has it
    assert.equal(receipt.domain, 'remit/signed-approval/v1')
    const { nonce, text_hash, ...statement } = receipt.statement
    assert.deepEqual(statement, {
      ...{ answer: 'approve', approver: finn.id, scope: 'once', origin: parts.issuer },
      ...{ request: request.id, call_hash: request.callHash, shown: shownDigest(request) },
      answer_hash: record?.facts?.answer_hash,
      expires_at: approved.usableUntil,
      issued_at: parts.clock.now() - 3 * MINUTE,
    })
    assert.deepEqual([String(nonce).length, String(text_hash).length], [22, 43])
  })

  test('does not count without; a denial needs none', async () => {
    const { enrolled, fay, finn, parts, request, say, state } = await begin()
    await assert.rejects(say(finn), { code: 'passkey.required' })
    await enrolled(finn)
    await assert.rejects(say(finn), { code: 'passkey.required' })
    assert.equal(await state(), 'pending')
    const approval = { request, personId: fay.id, allowance: undefined, shown: '' }
    assert.equal(await approvalForm(parts, approval), 'enrol')
    assert.equal((await say(finn, { answer: 'deny' })).state, 'denied')
  })

  test('is looked at only where something can be approved', async () => {
    const { fay, finn, form, enrolled, say, state } = await begin()
    const authenticator = await enrolled(finn)
    const { options, ticket } = await form()
    const signature = { ticket, assertion: authenticator.sign(options, { unverified: true }) }
    await assert.rejects(say({ id: 'psn_none' }, { signature }), { code: 'approval.unknown' })
    await assert.rejects(say(finn, { requestId: 'req_none', signature }), {
      code: 'approval.unknown',
    })
    await assert.rejects(say(finn, { signature }), { code: 'passkey.invalid' })
    assert.equal((await say(finn, { answer: 'deny', signature })).state, 'denied')
    await assert.rejects(say(fay, { signature }), { code: 'approval.not_pending' })
    assert.equal(await state(), 'denied')
  })

  test('not from another origin, page, key, or without the person verified', async () => {
    const { enrolled, finn, form, say, state } = await begin()
    const authenticator = await enrolled(finn)
    const stranger = new SoftwareAuthenticator('https://remit.example')
    const lies: Deceit[] = [
      { origin: 'https://remit.example.evil' },
      { origin: 'http://remit.example' },
      { crossOrigin: true },
      { rpId: 'evil.example' },
      { challenge: 'x'.repeat(43) },
      { unverified: true },
      { id: stranger.id },
    ]
    for (const deceit of lies) {
      const { options, ticket } = await form()
      const assertion = authenticator.sign(options, deceit)
      const refused = say(finn, { signature: { ticket, assertion } })
      await assert.rejects(refused, { code: 'passkey.invalid' }, JSON.stringify(deceit))
    }
    const { options, ticket } = await form()
    const forged = stranger.sign(options, { id: authenticator.id })
    for (const assertion of [forged, '', '{}', 'x'.repeat(20_000), authenticator.register(options)])
      await assert.rejects(say(finn, { signature: { ticket, assertion } }), {
        code: 'passkey.invalid',
      })
    assert.equal(await state(), 'pending')
  })

  test('not for another request, person, choice or text, and not too late', async () => {
    const { enrolled, fay, finn, form, maria, parts, request, say, state } = await begin()
    const authenticator = await enrolled(finn)
    const theirs = await enrolled(fay)
    const other = await attached(parts, anAsking(parts, maria, { ask: SIGNED }))
    const ofOther = await form(finn, other)
    const signed = authenticator.sign(ofOther.options)
    const over = { code: 'passkey.challenge_over' }
    await assert.rejects(
      say(finn, { signature: { ticket: ofOther.ticket, assertion: signed } }),
      over,
    )
    const own = await form()
    await assert.rejects(say(finn, { signature: { ticket: own.ticket, assertion: signed } }), {
      code: 'passkey.invalid',
    })
    const assertion = authenticator.sign(own.options)
    const signature = { ticket: own.ticket, assertion }
    // Somebody else, who may answer too and has a passkey, but did not sign this.
    await assert.rejects(say(fay, { signature }), over)
    const faysForm = await form(fay)
    await assert.rejects(say(fay, { signature: { ticket: faysForm.ticket, assertion } }), {
      code: 'passkey.invalid',
    })
    await assert.rejects(
      say(finn, {
        signature: { ticket: own.ticket, assertion: theirs.sign(own.options) },
      }),
      { code: 'passkey.invalid' },
    )
    const pattern = exactly(request.inspected ?? [])
    const allowance = { tie: 'task', uses: 5, lifeSeconds: null, pattern } as const
    const wider = { allowance, shown: shownDigest(request, allowance) }
    await assert.rejects(say(finn, { ...wider, signature }), { code: 'passkey.invalid' })
    await assert.rejects(say(finn, { shown: 'x', signature }), { code: 'passkey.invalid' })
    parts.clock.advance(10 * MINUTE + 1)
    await assert.rejects(say(finn, { signature }), over)
    assert.equal(await state(), 'pending')
  })

  test('not twice, and one of many at once', async () => {
    const { enrolled, fay, finn, form, parts, request, say } = await begin({
      ask: { ...SIGNED, quorum: 2 },
      counter: 0,
    })
    const authenticator = await enrolled(finn)
    const { options, ticket } = await form()
    const signature = { ticket, assertion: authenticator.sign(options) }
    const tried = await Promise.allSettled(
      Array.from({ length: 16 }, () => say(finn, { signature })),
    )
    assert.equal(tried.filter(({ status }) => status === 'fulfilled').length, 1)
    // Also where the answer itself would still be taken.
    await parts.storage.transaction(async (tx) => {
      await tx.deleteFrom('approval_answers').where('request_id', '=', request.id).execute()
    })
    await assert.rejects(say(finn, { signature }), { code: 'passkey.used' })
    const second = await enrolled(fay)
    const faysForm = await form(fay)
    await say(fay, {
      signature: { ticket: faysForm.ticket, assertion: second.sign(faysForm.options) },
    })
  })

  test('E7: not with a passkey that is removed between look and commit', async () => {
    for (const counter of [0, 1]) {
      const { enrolled, finn, form, parts, request, state } = await begin({ counter })
      const authenticator = await enrolled(finn)
      const [passkey] = await passkeysOf(parts.storage.read, finn.id)
      const { options, ticket } = await form()
      const answer: RequestAnswer = {
        ...{ requestId: request.id, person: finn, authTime: 1 },
        answer: 'approve',
        ...{
          shown: shownDigest(request),
          signature: { ticket, assertion: authenticator.sign(options) },
        },
      }
      const { hasActed, wrapped } = actBefore(parts.storage, {
        before: ['transaction'],
        act: () => removePasskey(parts, { id: passkey?.id ?? '', personId: finn.id }),
      })
      await assert.rejects(answerRequest({ ...parts, storage: wrapped }, answer), {
        code: 'passkey.cloned',
      })
      assert.ok(hasActed())
      assert.equal(await state(), 'pending')
    }
  })

  test('not with a copy of the passkey, whose counter went back; that is recorded', async () => {
    const { enrolled, finn, form, parts, say, state } = await begin({ counter: 40 })
    const authenticator = await enrolled(finn)
    for (const counter of [39, 20, 0]) {
      authenticator.counter = counter
      const { options, ticket } = await form()
      const assertion = authenticator.sign(options)
      await assert.rejects(say(finn, { signature: { ticket, assertion } }), {
        code: 'passkey.cloned',
      })
    }
    assert.equal(await state(), 'pending')
    const went = (await parts.recorded()).filter(({ type }) => type === 'passkey.counter_went_back')
    assert.deepEqual(
      went.slice(-3).map(({ facts, person }) => [person, facts?.counter, facts?.before]),
      [40, 21, 0].map((counter) => [finn.id, counter, 40]),
    )
  })

  test('is wanted by the setting, for risk classes and allowances', async () => {
    for (const [acts, risk, wanted] of [
      [[], 'critical', false],
      [['critical'], 'critical', true],
      [['critical'], 'high', false],
      [['high'], 'critical', true],
      [['high'], 'high', true],
      [['high'], 'medium', false],
    ] as const) {
      const { finn, say } = await begin({ ask: anAsk({ risk }), acts: [...acts] })
      if (wanted) await assert.rejects(say(finn), { code: 'passkey.required' })
      else assert.equal((await say(finn)).state, 'approved')
    }
    const { finn, request, say } = await begin({ ask: anAsk(), acts: ['allowances'] })
    const pattern = exactly(request.inspected ?? [])
    const allowance = { tie: 'task', uses: 5, lifeSeconds: null, pattern } as const
    await assert.rejects(say(finn, { allowance, shown: shownDigest(request, allowance) }), {
      code: 'passkey.required',
    })
    assert.equal((await say(finn)).state, 'approved')
  })

  test('counts no more for who may not answer', async () => {
    const { enrolled, finn, form, parts, say, state } = await begin()
    const authenticator = await enrolled(finn)
    const { options, ticket } = await form()
    await leaveGroup(parts, finn.id, 'finance')
    const signature = { ticket, assertion: authenticator.sign(options) }
    await assert.rejects(say(finn, { signature }), { code: 'approval.not_an_approver' })
    assert.equal(await state(), 'pending')
  })
})
