import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask } from '@remit/engine'
import type { PasskeyAct } from '../../../identity/passkeys/index.ts'
import { addPasskey, SoftwareAuthenticator } from '../../../identity/passkeys/testing.ts'
import { findPerson } from '../../../identity/people/index.ts'
import { HOUR, MINUTE } from '../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findRequest } from '../../access-requests/index.ts'
import { answerRequest } from '../answer.ts'
import { shownDigest } from '../answer-hash.ts'
import { approvalForm } from '../sign-answer.ts'
import {
  addPerson,
  anAsk,
  anAsking,
  attached,
  leaveGroup,
  suspend,
  type TestParts,
  testParts,
} from '../testing.ts'
import { usableApproval } from '../use.ts'
import { breakGlassAnnouncers } from './announce-break-glass.ts'
import type { ReviewVerdict } from './break-glass.ts'
import { findBreakGlass, listBreakGlass } from './list.ts'
import { breakGlass, breakGlassTerms, type EmergencyAnswer, planBreakGlass } from './open.ts'
import { reviewBreakGlass } from './review.ts'

const OFFERED = anAsk({ quorum: 2, breakGlass: [['group:on-call']] })
const REASON = 'customers cannot pay, finance is asleep'

forEachEngine('an approval that somebody gives alone in an emergency', (open) => {
  let shared: Promise<TestParts> | undefined

  async function begin({
    ask = OFFERED as Ask,
    acts = [] as PasskeyAct[],
    administrators = 1,
  } = {}) {
    shared ??= open.shared().then(testParts)
    const parts = {
      ...(await shared),
      passkeys: { acts: new Set(acts), operations: new Map(), recoveryWaitMs: 0 },
    }
    // Those of other tests are no reviewers here.
    await parts.storage.transaction((tx) =>
      tx.deleteFrom('memberships').where('group_name', '=', 'administrators').execute(),
    )
    const maria = await addPerson(parts, 'support')
    const oscar = await addPerson(parts, 'on-call')
    const ada = await addPerson(parts, ...(administrators > 0 ? ['administrators'] : []))
    const asked = (over: Partial<Ask> = {}) =>
      attached(parts, anAsking(parts, maria, { ask: { ...ask, ...over } }))
    const request = await asked()
    const given = (about = request, by = oscar): EmergencyAnswer => ({
      ...{ requestId: about.id, person: by, reason: REASON, authTime: 1 },
      shown: shownDigest(about, undefined, undefined, breakGlassTerms(parts, REASON)),
    })
    const broken = (about = request, by = oscar) => breakGlass(parts, given(about, by))
    const review = (id: string, by = ada, verdict: ReviewVerdict = 'justified') =>
      reviewBreakGlass(parts, { id, person: by, verdict, note: 'it was needed' })
    const lookUp = async (about = request) => {
      const { callHash, taskId } = about
      return (await usableApproval(parts, taskId, callHash, parts.clock.now())).state
    }
    return { parts, maria, oscar, ada, asked, request, given, broken, review, lookUp }
  }

  test('counts in place of everybody else, for one call, for a quarter of an hour', async () => {
    const { parts, oscar, request, broken, lookUp } = await begin()
    const { id, endsAt, reviewDueAt } = await broken()
    const approved = await findRequest(parts, request.id)
    assert.deepEqual([approved?.state, approved?.usesLeft], ['approved', 1])
    assert.equal(approved?.usableUntil, parts.clock.now() + 15 * MINUTE)
    assert.deepEqual([endsAt, reviewDueAt], [approved?.usableUntil, parts.clock.now() + 24 * HOUR])
    assert.equal(await lookUp(), 'usable')
    const records = (await parts.recorded()).filter(({ request_id }) => request_id === request.id)
    assert.deepEqual(
      records.slice(1).map(({ by, facts, type }) => [type, by, facts?.break_glass]),
      [
        ['approval.answered', oscar.id, id],
        ['approval.break_glass', oscar.id, id],
      ],
    )
    assert.ok(!JSON.stringify(records).includes('asleep'))
    parts.clock.advance(15 * MINUTE)
    assert.notEqual(await lookUp(), 'usable')
  })

  test('lasts no longer than the rule lets an approval, and takes what its person said before', async () => {
    const ask = anAsk({
      ...{ lifetimeSeconds: 60, quorum: 2 },
      ...{ approvers: [['group:on-call']], breakGlass: [['group:on-call']] },
    })
    const { parts, oscar, request, broken, lookUp } = await begin({ ask })
    const shown = shownDigest(request)
    await answerRequest(parts, {
      ...{ requestId: request.id, person: oscar, answer: 'approve', shown, authTime: 1 },
    })
    assert.equal(await lookUp(), 'pending')
    assert.equal((await broken()).endsAt, parts.clock.now() + MINUTE)
    assert.equal(await lookUp(), 'usable')
  })

  test('is for those alone whom every rule that asks names, for what was shown, with a reason', async () => {
    const { parts, maria, oscar, ada, asked, given, broken, request } = await begin()
    const OFFER = { code: 'break_glass.not_offered' }
    for (const other of [maria, ada]) await assert.rejects(broken(request, other), OFFER)
    for (const rules of [[], [['group:on-call'], ['group:finance']], [['group:finance']]])
      await assert.rejects(broken(await asked({ breakGlass: rules })), OFFER)
    for (const reason of ['', '  too few ', `${REASON} ⁣`, 'x'.repeat(501)])
      await assert.rejects(breakGlass(parts, { ...given(), reason }), {
        code: 'approval.bad_reason',
      })
    for (const over of [{ shown: shownDigest(request) }, { reason: `${REASON}!` }])
      await assert.rejects(breakGlass(parts, { ...given(), ...over }), {
        code: 'approval.shown_differs',
      })
    await assert.rejects(breakGlass(parts, { ...given(), requestId: 'req_x' }), {
      code: 'approval.unknown',
    })
    await suspend(parts, oscar.id)
    await assert.rejects(broken(), OFFER)
    assert.equal((await findRequest(parts, request.id))?.state, 'pending')
  })

  test('is for the represented person, too, where the rule names them, and another one reviews it', async () => {
    const { parts, ada, review } = await begin()
    const otto = await addPerson(parts, 'on-call')
    const request = await attached(parts, anAsking(parts, otto, { ask: OFFERED }))
    const shown = shownDigest(request, undefined, undefined, breakGlassTerms(parts, REASON))
    const { id } = await breakGlass(parts, {
      ...{ requestId: request.id, person: otto, reason: REASON, authTime: 1, shown },
    })
    await review(id, ada)
  })

  test('is not there where no rule offers it, and for no one who is not known', async () => {
    const { parts, maria, oscar, request, given } = await begin()
    const plain = await attached(parts, anAsking(parts, maria))
    await assert.rejects(breakGlass(parts, given(plain, oscar)), {
      code: 'break_glass.not_offered',
    })
    const signature = { ticket: 'x', assertion: 'x' }
    for (const over of [{ requestId: 'req_x', signature }, { person: { id: 'psn_x' } as const }])
      await assert.rejects(breakGlass(parts, { ...given(request), ...over }), {
        code: 'approval.unknown',
      })
  })

  test('is planned as it would be given, on the same terms, and a plan changes nothing', async () => {
    const { parts, oscar, request, given } = await begin()
    const person = await findPerson(parts.storage.read, oscar.id)
    assert.ok(person)
    const reason = ' ten chars '.padEnd(12)
    const plan = await planBreakGlass(parts, { person, reason: ` ${REASON} `, request })
    const now = parts.clock.now()
    assert.deepEqual(plan, {
      terms: { reason: REASON, lifeMs: 15 * MINUTE },
      shown: given().shown,
      endsAt: now + 15 * MINUTE,
      reviewDueAt: now + 24 * HOUR,
    })
    await assert.rejects(planBreakGlass(parts, { person, reason, request }), {
      code: 'approval.bad_reason',
    })
    const shortest = '0123456789'
    const { terms } = await planBreakGlass(parts, { person, reason: shortest, request })
    assert.equal(terms.reason, shortest)
    assert.equal((await findRequest(parts, request.id))?.state, 'pending')
    const other = await findPerson(parts.storage.read, request.personId)
    assert.ok(other)
    await assert.rejects(planBreakGlass(parts, { person: other, reason: REASON, request }), {
      code: 'break_glass.not_offered',
    })
  })

  test('comes too late after the request was denied or is over', async () => {
    const { parts, asked, broken, request } = await begin()
    const finn = await addPerson(parts, 'finance')
    const shown = shownDigest(request)
    await answerRequest(parts, {
      ...{ requestId: request.id, person: finn, answer: 'deny', shown, authTime: 1 },
    })
    await assert.rejects(broken(), { code: 'approval.not_pending' })
    const other = await asked()
    parts.clock.advance(HOUR)
    await assert.rejects(broken(other), { code: 'approval.expired' })
  })

  test('of 64 at once, one is taken, and one call is lifted', async () => {
    const { parts, broken, oscar } = await begin()
    const all = await Promise.allSettled(Array.from({ length: 64 }, () => broken()))
    const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
    assert.deepEqual(
      refused,
      Array.from({ length: 63 }, () => 'approval.not_pending'),
    )
    const person = await findPerson(parts.storage.read, oscar.id)
    assert.ok(person)
    assert.equal((await listBreakGlass(parts, person, { limit: 100 })).length, 1)
  })

  test('ends when its person is suspended, leaves the group, or somebody denies or reviews it', async () => {
    const { parts, asked, ada, broken, request, lookUp, review } = await begin()
    const finn = await addPerson(parts, 'finance')
    await broken()
    const shown = shownDigest(request)
    await answerRequest(parts, {
      ...{ requestId: request.id, person: finn, answer: 'deny', shown, authTime: 1 },
    })
    assert.equal(await lookUp(), 'denied')
    const second = await asked()
    await review((await broken(second)).id, ada, 'not_justified')
    assert.equal(await lookUp(second), 'lapsed')
    for (const end of [suspend, (all: TestParts, id: string) => leaveGroup(all, id, 'on-call')]) {
      const request = await asked()
      const other = await addPerson(parts, 'on-call')
      await broken(request, other)
      assert.equal(await lookUp(request), 'usable')
      await end(parts, other.id)
      assert.equal(await lookUp(request), 'lapsed')
    }
  })

  test('is reviewed by an administrator who neither gave it nor had the call made, once', async () => {
    const { parts, maria, oscar, ada, broken, review } = await begin()
    for (const person of [oscar, maria])
      await parts.storage.transaction((tx) =>
        tx
          .insertInto('memberships')
          .values({ person_id: person.id, group_name: 'administrators', source: 'manual' })
          .execute(),
      )
    const { id } = await broken()
    const none = await addPerson(parts, 'finance')
    for (const other of [oscar, maria, none])
      await assert.rejects(review(id, other), { code: 'break_glass.not_a_reviewer' })
    const note = { id, person: ada, verdict: 'justified' } as const
    for (const bad of [' ', 'a\u202eb', 'x'.repeat(501)])
      await assert.rejects(reviewBreakGlass(parts, { ...note, note: bad }), {
        code: 'approval.bad_reason',
      })
    await assert.rejects(review('bgl_x'), { code: 'break_glass.unknown' })
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => review(id)))
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
    await assert.rejects(review(id), { code: 'break_glass.reviewed' })
    const record = (await parts.recorded()).findLast(({ facts }) => facts?.break_glass === id)
    assert.deepEqual(
      [record?.type, record?.by, record?.outcome],
      [...['approval.break_glass_reviewed', ada.id, 'justified']],
    )
  })

  test('E2: without the sign-in that the server or the rule asks for, nothing is approved alone, and nothing reviewed', async () => {
    const { parts, oscar, ada, asked, given } = await begin()
    const now = parts.clock.now()
    const strong = { acrValues: ['mfa'], maxAgeSeconds: 300 }
    const proved = { acr: 'mfa', authTime: now - 1000 }
    const REQUIRED = { code: 'step_up.required' }
    const WEAK = [undefined, { ...proved, acr: 'pwd' }, { ...proved, authTime: now - 301_000 }]
    const byRule = await asked({ stepUps: [strong] })
    const bySetting = await asked({ risk: 'high' })
    for (const [about, of] of [
      [byRule, parts],
      [bySetting, { ...parts, stepUp: strong }],
    ] as const) {
      for (const weak of WEAK) {
        const answer = { ...given(about, oscar), ...(weak && { proved: weak }) }
        await assert.rejects(breakGlass(of, answer), REQUIRED)
      }
      assert.equal((await findRequest(parts, about.id))?.state, 'pending')
      const { id } = await breakGlass(of, { ...given(about, oscar), proved })
      const review = { id, person: ada, verdict: 'justified', note: 'it was needed' } as const
      for (const weak of of === parts ? [] : WEAK)
        await assert.rejects(
          reviewBreakGlass(of, { ...review, ...(weak && { proved: weak }) }),
          REQUIRED,
        )
      await reviewBreakGlass(of, { ...review, proved })
    }
  })

  test('E15: is not reviewed by the person who had the call made for another', async () => {
    const { parts, maria, review } = await begin()
    const rita = await addPerson(parts, 'administrators')
    const request = await attached(
      parts,
      anAsking(parts, maria, { ask: OFFERED, requesterId: rita.id }),
    )
    const oscar = await addPerson(parts, 'on-call')
    const shown = shownDigest(request, undefined, undefined, breakGlassTerms(parts, REASON))
    const { id } = await breakGlass(parts, {
      ...{ requestId: request.id, person: oscar, reason: REASON, authTime: 1, shown },
    })
    await assert.rejects(review(id, rita), { code: 'break_glass.not_a_reviewer' })
    await review(id)
  })

  test('needs somebody else who can review it', async () => {
    const { parts, maria, oscar, broken, asked } = await begin({ administrators: 0 })
    for (const person of [oscar, maria])
      await parts.storage.transaction((tx) =>
        tx
          .insertInto('memberships')
          .values({ person_id: person.id, group_name: 'administrators', source: 'manual' })
          .execute(),
      )
    await assert.rejects(broken(), { code: 'break_glass.no_reviewer' })
    const ada = await addPerson(parts, 'administrators')
    await suspend(parts, ada.id)
    await assert.rejects(broken(), { code: 'break_glass.no_reviewer' })
    await addPerson(parts, 'administrators')
    await broken(await asked())
  })

  test('is barred by a review that was missed, and by five that are open, also all at once', async () => {
    const { parts, asked, broken, request, review } = await begin()
    const { id } = await broken()
    parts.clock.advance(24 * HOUR - 1)
    const others = await Promise.all(Array.from({ length: 8 }, () => asked()))
    const all = await Promise.allSettled(others.map((other) => broken(other)))
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 4)
    await assert.rejects(broken(await asked()), {
      ...{ code: 'break_glass.review_due', message: /5 earlier approvals/ },
    })
    parts.clock.advance(1)
    await assert.rejects(broken(await asked()), {
      ...{ code: 'break_glass.review_due', message: /not reviewed in time/ },
    })
    await review(id)
    await broken(await asked())
    assert.equal((await findRequest(parts, request.id))?.state, 'approved')
  })

  test('is signed with a passkey where the setting says so, once', async () => {
    const { parts, oscar, asked, request, given } = await begin({ acts: ['break_glass'] })
    const person = await findPerson(parts.storage.read, oscar.id)
    assert.ok(person)
    await assert.rejects(breakGlass(parts, given()), { code: 'passkey.required' })
    const authenticator = new SoftwareAuthenticator(parts.issuer)
    await addPasskey(parts, person, authenticator)
    const form = async (about = request) => {
      const terms = breakGlassTerms(parts, REASON)
      const approval = {
        ...{ request: about, personId: oscar.id, allowance: undefined, breakGlass: terms },
        shown: given(about).shown,
      }
      const asked = await approvalForm(parts, approval)
      assert.ok(typeof asked === 'object')
      return { ticket: asked.ticket, assertion: authenticator.sign(asked.options) }
    }
    const signature = await form()
    const other = `${REASON} again`
    const shown = shownDigest(request, undefined, undefined, breakGlassTerms(parts, other))
    await assert.rejects(breakGlass(parts, { ...given(), shown, reason: other, signature }), {
      code: 'passkey.invalid',
    })
    parts.clock.advance(MINUTE)
    const { endsAt } = await breakGlass(parts, { ...given(), signature })
    assert.equal(endsAt, parts.clock.now() + 14 * MINUTE)
    const second = await asked()
    for (const replayed of [signature, { ...(await form(second)), ticket: signature.ticket }])
      await assert.rejects(breakGlass(parts, { ...given(second), signature: replayed }), {
        code: /passkey\.(challenge_over|invalid)/,
      })
    const record = (await parts.recorded()).findLast(({ type }) => type === 'approval.answered')
    const receipt = record?.facts?.receipt as { statement: { scope: string } } | undefined // as the record has it
    assert.equal(receipt?.statement.scope, 'break_glass')
  })

  test('is told to administrators and the represented person at once, and again before the review is missed', async () => {
    const { parts, ada, maria, oscar, broken, review } = await begin()
    const { id, openedAt, reviewDueAt } = await broken()
    const events = await parts.storage.read
      .selectFrom('outbox_events')
      .select(['kind', 'due_at'])
      .where('subject', '=', id)
      .orderBy('due_at')
      .execute()
    assert.deepEqual(events, [
      { kind: 'break_glass', due_at: openedAt },
      { kind: 'review_due', due_at: openedAt + 18 * HOUR },
    ])
    const say = breakGlassAnnouncers(parts)
    const who = (said: Awaited<ReturnType<typeof say.reviewed>>) =>
      said?.recipients.map((person) => person.id).toSorted()
    const alert = await say.break_glass(id)
    assert.deepEqual(who(alert), [ada.id, maria.id].toSorted())
    assert.deepEqual(alert?.urgentFor?.toSorted(), who(alert))
    assert.equal(alert?.facts[1]?.value, REASON)
    const due = await say.review_due(id)
    assert.deepEqual(who(due), [ada.id, oscar.id].toSorted())
    assert.equal(due?.expiresAt, reviewDueAt)
    await review(id)
    assert.equal(await say.review_due(id), undefined)
    assert.deepEqual(who(await say.reviewed(id)), [oscar.id])
    assert.equal(await say.break_glass('bgl_x'), undefined)
  })

  test('is listed for administrators and for whoever gave it, and shown to those it concerns', async () => {
    const { parts, ada, maria, oscar, asked, broken } = await begin()
    const first = await broken()
    const second = await broken(await asked())
    const stranger = await addPerson(parts, 'finance')
    const seen = async ({ id }: typeof ada) => {
      const person = await findPerson(parts.storage.read, id)
      assert.ok(person)
      const page = await listBreakGlass(parts, person, { limit: 100 })
      const ids = page.map((each) => each.broken.id)
      const found = await findBreakGlass(parts, person, first.id).catch(() => undefined)
      return [ids.includes(first.id), ids.includes(second.id), found?.broken.id === first.id]
    }
    assert.deepEqual(await seen(ada), [true, true, true])
    assert.deepEqual(await seen(oscar), [true, true, true])
    assert.deepEqual(await seen(maria), [false, false, true])
    assert.deepEqual(await seen(stranger), [false, false, false])
    const person = await findPerson(parts.storage.read, oscar.id)
    assert.ok(person)
    const [latest, next] = await listBreakGlass(parts, person, { limit: 2 })
    const after = latest?.broken.id
    const behind = await listBreakGlass(parts, person, { after, limit: 1 })
    assert.deepEqual(
      behind.map((each) => each.broken.id),
      [next?.broken.id],
    )
    await assert.rejects(listBreakGlass(parts, person, { after: 'bgl_x', limit: 1 }), {
      code: 'break_glass.unknown',
    })
  })
})
