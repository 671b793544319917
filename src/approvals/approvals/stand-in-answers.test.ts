import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask } from '@remit/engine'
import { addPasskey, SoftwareAuthenticator } from '../../identity/passkeys/testing.ts'
import { findPerson, type Person } from '../../identity/people/index.ts'
import { endStandIn, nameStandIn } from '../../identity/stand-ins/index.ts'
import { utcMinute } from '../../platform/lib/duration.ts'
import { newId } from '../../platform/lib/id.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { Live } from '../../platform/revocation/index.ts'
import { forEachEngine, timedBy } from '../../platform/storage/testing.ts'
import { countForApprover, findRequest, listForApprover } from '../access-requests/list.ts'
import { approvalAnnouncers } from './announce.ts'
import { answerRequest } from './answer.ts'
import { shownDigest, shownTo } from './answer-hash.ts'
import { answersTo } from './answer-store.ts'
import { answeringOf } from './approvers.ts'
import { approvalForm } from './sign-answer.ts'
import { addPerson, anAsk, anAsking, attached, leaveGroup, suspend, testParts } from './testing.ts'
import { usableApproval } from './use.ts'

const NOT_AN_APPROVER = { code: 'approval.not_an_approver' }
const OWN = { code: 'approval.own_request' }

forEachEngine('an answer in the place of somebody who is away', (open) => {
  let shared: ReturnType<typeof testParts> | undefined

  async function begin(over: Partial<Ask> = {}) {
    shared ??= open.shared().then(testParts)
    const known = await shared
    const { clock, random, storage } = known
    const live = new Live({ storage: timedBy(storage, clock), clock, random })
    const parts = { ...known, live }
    const personOf = async ({ id }: { readonly id: string }): Promise<Person> => {
      const person = await findPerson(storage.read, id)
      assert.ok(person)
      return person
    }
    const someone = async (...groups: string[]) => personOf(await addPerson(parts, ...groups))
    // A group for each test: the store is shared.
    const group = `g-${newId('limit', random)
      .slice(4, 10)
      .toLowerCase()
      .replaceAll(/[^a-z]/g, 'x')}-x`
    const maria = await someone('support')
    const ada = await someone(group)
    const boris = await someone()
    const away = (person = ada, standIn = boris) =>
      nameStandIn(parts, {
        personId: person.id,
        standIn: standIn.id,
        endsAt: clock.now() + 8 * HOUR,
      })
    const ask = (more: Partial<Ask> = {}, whose = maria) =>
      attached(
        parts,
        anAsking(parts, whose, {
          ask: anAsk({ approvers: [[`group:${group}`]], ...over, ...more }),
        }),
      )
    const look = async (person: Person, { id }: { readonly id: string }) => {
      const request = await findRequest(parts, id)
      assert.ok(request)
      const now = clock.now()
      const { answerer } = await answeringOf(storage.read, {
        request,
        person: await personOf(person),
        now,
      })
      return { absent: answerer.standsInFor?.id, shown: shownTo(answerer, shownDigest(request)) }
    }
    const say = async (
      person: Person,
      request: { readonly id: string },
      answer: 'approve' | 'deny' = 'approve',
      shown?: string,
    ) =>
      answerRequest(parts, {
        ...{ requestId: request.id, person, answer, authTime: 1 },
        shown: shown ?? (await look(person, request)).shown,
      })
    const use = async ({ callHash, taskId }: Awaited<ReturnType<typeof ask>>, requester?: string) =>
      (await usableApproval(parts, taskId, callHash, clock.now(), requester)).state
    const listed = async (person: Person) =>
      (await listForApprover(parts, await personOf(person))).map(({ id, standsInFor }) => [
        id,
        standsInFor,
      ])
    return { ada, ask, away, boris, group, listed, look, maria, parts, say, someone, use }
  }

  test('counts as that of whoever is away, is in the inbox of the stand-in, and is recorded with both', async () => {
    const { ada, ask, away, boris, listed, look, parts, say } = await begin()
    const request = await ask()
    assert.deepEqual(await listed(boris), [])
    await assert.rejects(say(boris, request), NOT_AN_APPROVER)
    await away()
    assert.deepEqual(await listed(boris), [[request.id, ada.id]])
    assert.deepEqual(await countForApprover(parts, boris), [{ agentId: 'refund-bot', count: 1 }])
    assert.deepEqual(await listed(ada), [[request.id, undefined]])
    const { absent, shown } = await look(boris, request)
    assert.equal(absent, ada.id)
    // INVARIANT: what names no place was not shown to a stand-in.
    await assert.rejects(say(boris, request, 'approve', shownDigest(request)), {
      code: 'approval.shown_differs',
    })
    await assert.rejects(say(ada, request, 'approve', shown), { code: 'approval.shown_differs' })
    assert.equal((await say(boris, request)).state, 'approved')
    const standing = await usableApproval(
      parts,
      request.taskId,
      request.callHash,
      parts.clock.now(),
    )
    assert.ok(standing.state === 'usable')
    // When either is suspended while the call is on its way, it stops.
    assert.deepEqual(standing.approval.approvers, [boris.id, ada.id])
    const [answer] = await answersTo(parts.storage.read, request.id)
    assert.deepEqual([answer?.personId, answer?.standsInFor], [boris.id, ada.id])
    const record = (await parts.recorded()).findLast(({ type }) => type === 'approval.answered')
    assert.deepEqual([record?.by, record?.facts?.stands_in_for], [boris.id, ada.id])
  })

  test('ends with the stand-in: before the answer, between the page and the answer, and before the use', async () => {
    const { ada, ask, away, boris, look, parts, say, use } = await begin()
    const { id } = await away()
    const [first, second] = [await ask(), await ask()]
    const { shown } = await look(boris, second)
    assert.equal((await say(boris, first)).state, 'approved')
    await endStandIn(parts, { id, by: ada })
    await assert.rejects(say(boris, second, 'approve', shown), NOT_AN_APPROVER)
    await assert.rejects(say(boris, first, 'deny', shown), NOT_AN_APPROVER)
    assert.equal(await use(first), 'lapsed')
    await away()
    assert.equal(await use(first), 'usable')
    parts.clock.advance(30 * 60_000)
    assert.equal((await say(boris, second)).state, 'approved')
    parts.clock.advance(25 * 60_000)
    const third = await ask()
    await suspend(parts, ada.id)
    await assert.rejects(say(boris, third), NOT_AN_APPROVER)
    assert.equal(await use(second), 'lapsed')
  })

  test('ends with its date, also while an approval could still be used', async () => {
    const { ask, away, boris, parts, say, use } = await begin()
    await away()
    parts.clock.advance(8 * HOUR - 1)
    const request = await ask()
    assert.equal((await say(boris, request)).state, 'approved')
    const other = await ask()
    assert.equal(await use(request), 'usable')
    parts.clock.advance(1)
    assert.equal(await use(request), 'lapsed')
    await assert.rejects(say(boris, other), NOT_AN_APPROVER)
  })

  test('needs whoever is away to be one who may, and both to be active', async () => {
    const { ada, ask, away, boris, group, parts, say, use } = await begin()
    await away()
    const [first, second] = [await ask(), await ask()]
    assert.equal((await say(boris, first)).state, 'approved')
    await leaveGroup(parts, ada.id, group)
    assert.equal(await use(first), 'lapsed')
    await assert.rejects(say(boris, second), NOT_AN_APPROVER)
    await suspend(parts, boris.id)
    await assert.rejects(say(boris, second), NOT_AN_APPROVER)
  })

  test('is never handed on: not along a chain, not in a circle', async () => {
    const { ada, ask, away, boris, listed, say, someone } = await begin()
    const chen = await someone()
    await away(ada, boris)
    await away(boris, chen)
    await away(chen, ada)
    await away(boris, ada)
    const request = await ask()
    assert.deepEqual(await listed(chen), [])
    await assert.rejects(say(chen, request), NOT_AN_APPROVER)
    assert.equal((await say(boris, request)).state, 'approved')
  })

  test('is never that of whoever asked, nor for them, also where rules let people answer their own calls', async () => {
    const { ada, ask, away, boris, group, listed, maria, parts, say, someone, use } = await begin()
    await away(ada, maria)
    const own = await ask()
    assert.deepEqual(await listed(maria), [])
    await assert.rejects(say(maria, own), OWN)
    const self = { self: true, forbids: [{ id: 'self', digest: 'd' }] }
    const selfAsked = await ask(self)
    assert.deepEqual(await listed(maria), [])
    await assert.rejects(say(maria, selfAsked), NOT_AN_APPROVER)
    // Nor does somebody answer a call that is made for whoever is away.
    await away(ada, boris)
    const forAda = await ask(self, ada)
    assert.equal(
      (await listed(boris)).some(([id]) => id === forAda.id),
      false,
    )
    await assert.rejects(say(boris, forAda), NOT_AN_APPROVER)
    assert.equal((await say(ada, forAda)).state, 'approved')
    // Who asks by the time of the use does not count, in whosever place they answered.
    const request = await ask()
    assert.equal((await say(boris, request)).state, 'approved')
    assert.equal(await use(request), 'usable')
    assert.equal(await use(request, boris.id), 'lapsed')
    assert.equal(await use(request, ada.id), 'lapsed')
    const asking = await attached(
      parts,
      anAsking(parts, maria, {
        ...{ ask: anAsk({ approvers: [[`group:${group}`]] }), requesterId: boris.id },
      }),
    )
    await assert.rejects(say(boris, asking), OWN)
    const finn = await someone(group)
    assert.equal((await say(finn, asking)).state, 'approved')
  })

  test('is one word with that of whoever is away, and one with the own word of the stand-in', async () => {
    const { ada, ask, away, boris, group, parts, say, someone } = await begin({ quorum: 2 })
    const chen = await someone()
    await away(ada, boris)
    await away(ada, chen)
    const request = await ask()
    assert.equal((await say(boris, request)).state, 'pending')
    assert.equal((await say(chen, request)).state, 'pending')
    assert.equal((await say(ada, request)).state, 'pending')
    await assert.rejects(say(boris, request), { code: 'approval.already_answered' })
    const both = await someone(group)
    assert.equal((await say(both, request)).state, 'approved')
    // Two hats: one word, in whichever place it still is missing.
    await away(ada, both)
    const second = await ask()
    assert.equal((await say(both, second)).state, 'pending')
    await assert.rejects(say(both, second), { code: 'approval.already_answered' })
    const dual = { quorum: 1, approvers: [[`person:${ada.id}`], [`group:${group}`]] }
    for (const separate of [undefined, [[0, 1]]]) {
      const forbids = [{ id: 'dual', digest: String(separate) }]
      const third = await ask({ ...dual, forbids, ...(separate && { separate }) })
      assert.equal((await say(both, third)).state, 'pending')
      const finn = await someone(group)
      const fourth = await ask({ ...dual, forbids, ...(separate && { separate }) })
      assert.equal((await say(finn, fourth)).state, 'pending')
      assert.equal((await say(both, fourth)).state, 'approved')
      const answers = await answersTo(parts.storage.read, fourth.id)
      const word = answers.find(({ personId }) => personId === both.id)
      assert.equal(word?.standsInFor, ada.id)
    }
  })

  test('is not taken where a rule asks for people themselves', async () => {
    const { ada, ask, away, boris, listed, say } = await begin({ inPerson: true })
    await away()
    const request = await ask()
    assert.deepEqual(await listed(boris), [])
    await assert.rejects(say(boris, request), NOT_AN_APPROVER)
    assert.equal((await say(ada, request)).state, 'approved')
  })

  test('has one outcome when both answer 64 times at once', async () => {
    const { ada, ask, away, boris, parts, say } = await begin()
    await away()
    const request = await ask()
    const done = await Promise.allSettled(
      Array.from({ length: 64 }, (_, i) =>
        say(i % 2 ? ada : boris, request, i % 4 < 2 ? 'approve' : 'deny'),
      ),
    )
    const taken = done.filter(({ status }) => status === 'fulfilled')
    const { length } = await answersTo(parts.storage.read, request.id)
    const answered = (await parts.recorded()).filter(
      ({ request_id, type }) => type === 'approval.answered' && request_id === request.id,
    )
    assert.ok(length === 1 || length === 2)
    assert.equal(answered.length, taken.length)
    // A denial ends an approval that nobody used; nothing ends a denial.
    assert.equal((await findRequest(parts, request.id))?.state, 'denied')
    assert.equal(answered.filter(({ outcome }) => outcome === 'denied').length, 1)
    assert.ok(answered.filter(({ outcome }) => outcome === 'approved').length <= 1)
  })

  test('goes to the stand-in when it goes to whoever is away, and to neither once one has answered', async () => {
    const { ada, ask, away, boris, parts, say, someone, group } = await begin({ quorum: 2 })
    const finn = await someone(group)
    await away()
    const request = await ask()
    const told = async () => {
      const announced = await approvalAnnouncers(parts).request(request.id)
      const stand = announced?.facts.filter(({ name }) => name === 'Stand-in')
      return [
        announced?.recipients.map(({ id }) => id).toSorted(),
        stand?.map(({ value }) => value),
      ]
    }
    const all = [ada.id, boris.id, finn.id].toSorted()
    assert.deepEqual(await told(), [
      all,
      [`${boris.name}, for ${ada.name} until ${utcMinute(parts.clock.now() + 8 * HOUR)}`],
    ])
    await say(boris, request)
    assert.deepEqual(await told(), [[finn.id], []])
  })

  test('is signed with the key of the stand-in, over in whose place', async () => {
    const { ada, ask, away, boris, look, parts } = await begin({ signature: 'passkey' })
    await away()
    const request = await ask()
    const keys = new SoftwareAuthenticator(parts.issuer)
    await addPasskey(parts, boris, keys)
    const others = new SoftwareAuthenticator(parts.issuer)
    await addPasskey(parts, ada, others)
    const { shown } = await look(boris, request)
    const answer = async (standsInFor: string | undefined, authenticator = keys) => {
      const approval = { request, personId: boris.id, standsInFor, allowance: undefined, shown }
      const form = await approvalForm(parts, approval)
      if (typeof form !== 'object') throw new Error('it need not be signed')
      const signature = { ticket: form.ticket, assertion: authenticator.sign(form.options) }
      return answerRequest(parts, {
        ...{
          requestId: request.id,
          person: boris,
          answer: 'approve',
          authTime: 1,
          shown,
          signature,
        },
      })
    }
    for (const [absent, key] of [
      [undefined, keys],
      [boris.id, keys],
      [ada.id, others],
    ] as const)
      await assert.rejects(answer(absent, key), { code: 'passkey.invalid' })
    assert.equal((await answer(ada.id)).state, 'approved')
    const record = (await parts.recorded()).findLast(({ type }) => type === 'approval.answered')
    assert.ok(record?.facts)
    const { statement } = record.facts.receipt as { statement: Record<string, unknown> } // as the record has it
    assert.deepEqual([statement.approver, statement.stands_in_for], [boris.id, ada.id])
  })
})
