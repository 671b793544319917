import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findPerson } from '../../../identity/people/index.ts'
import { newId } from '../../../platform/lib/id.ts'
import { DAY_SECONDS } from '../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { answerRequest } from '../answer.ts'
import { answerHash, shownDigest } from '../answer-hash.ts'
import {
  addPerson,
  anAsk,
  anAsking,
  attached,
  leaveGroup,
  type TestParts,
  testParts,
} from '../testing.ts'
import { usableApproval } from '../use.ts'
import type { Allowance, Choice } from './allowance.ts'
import { allowanceFrom, readAllowance } from './allowance-store.ts'
import { readChoice } from './choice.ts'
import { endAllowance, endAllowancesOf, findAllowance } from './end.ts'
import { listAllowances } from './list.ts'
import { exactly } from './pattern.ts'
import {
  ALLOWANCE_GUARD,
  type DescribedCall,
  returnAllowanceSteps,
  usableAllowances,
  useAllowanceSteps,
} from './use.ts'

forEachEngine('an allowance', (open) => {
  let shared: Promise<TestParts> | undefined

  async function begin(ask = anAsk()) {
    shared ??= open.shared().then(testParts)
    const parts = await shared
    const maria = await addPerson(parts, 'support')
    const finn = await addPerson(parts, 'finance')
    const fay = await addPerson(parts, 'finance')
    const request = await attached(parts, anAsking(parts, maria, { ask }))
    const choice: Choice = {
      tie: 'task',
      uses: 5,
      lifeSeconds: null,
      pattern: exactly(request.inspected ?? []),
    }
    const approve = (
      person: { id: `psn_${string}` },
      allowance: Choice | undefined,
      shown?: string,
    ) =>
      answerRequest(parts, {
        requestId: request.id,
        person,
        answer: 'approve',
        allowance,
        shown: shown ?? shownDigest(request, allowance),
        authTime: 1,
      })
    const given = async (chosen: Choice = choice): Promise<Allowance> => {
      await approve(finn, chosen)
      const allowance = await allowanceFrom(parts.storage.read, request.id)
      assert.ok(allowance)
      return allowance
    }
    const call: DescribedCall = {
      bound: true,
      taskId: request.taskId,
      personId: maria.id,
      agentId: 'refund-bot',
      chain: ['refund-bot'],
      sponsored: false,
      resource: 'orders',
      upstream: 'https://orders.example',
      action: 'orders.refund',
      definition: 'def1',
      risk: 'high',
      leaves: request.inspected ?? undefined,
    }
    const means = async (over: Partial<DescribedCall> = {}) =>
      (await usableAllowances(parts, { ...call, ...over }, parts.clock.now())).length
    const use = (allowance: Allowance) =>
      parts.storage.commit(
        useAllowanceSteps(parts, allowance, {
          decisionId: newId('decision', parts.random),
          taskId: request.taskId,
        }),
      )
    const person = async (id: string) => {
      const found = await findPerson(parts.storage.read, id)
      assert.ok(found)
      return found
    }
    return { parts, maria, finn, fay, request, choice, approve, given, means, use, person }
  }

  test('counts every execution itself: the request gives none beside it', async () => {
    const { parts, request, choice, approve, finn, means } = await begin()
    const after = await approve(finn, choice)
    assert.deepEqual(
      [after.state, after.usesLeft, after.usableUntil],
      ['approved', 0, request.deadline],
    )
    const { state } = await usableApproval(
      parts,
      request.taskId,
      request.callHash,
      parts.clock.now(),
    )
    assert.equal(state, 'none')
    assert.equal(await means(), 1)
    const types = (await parts.recorded()).slice(-2).map(({ type }) => type)
    assert.deepEqual(types.toSorted(), ['allowance.given', 'approval.answered'])
  })

  test('is signed as it was shown: count, end and pattern', async () => {
    const { request, choice, approve, finn } = await begin()
    const other: Choice[] = [
      { ...choice, uses: 6 },
      { ...choice, uses: null },
      { ...choice, tie: 'agent', lifeSeconds: 3600 },
      { ...choice, lifeSeconds: 3600 },
      {
        ...choice,
        pattern: choice.pattern.map((part) => ({ path: part.path, kind: part.kind, how: 'any' })),
      },
    ]
    const given = { answer: 'approve', approver: finn.id, expiry: 1 } as const
    const hashes = [undefined, choice, ...other].map((allowance) =>
      answerHash(request, { ...given, allowance }),
    )
    const shown = [undefined, choice, ...other].map((allowance) => shownDigest(request, allowance))
    assert.equal(new Set(hashes).size, hashes.length)
    assert.equal(new Set(shown).size, shown.length)
    for (const digest of shown.filter((each) => each !== shownDigest(request, choice)))
      await assert.rejects(approve(finn, choice, digest), { code: 'approval.shown_differs' })
    const after = await approve(finn, choice)
    assert.equal(
      after.answerHash,
      answerHash(request, { ...given, expiry: request.deadline, allowance: choice }),
    )
  })

  test('5 times, 64 at once: exactly 5', async () => {
    const { parts, given, person, use } = await begin()
    const allowance = await given()
    const done = await Promise.all(Array.from({ length: 64 }, () => use(allowance)))
    assert.equal(done.filter(({ committed }) => committed).length, 5)
    for (const each of done) if (!each.committed) assert.equal(each.failed, ALLOWANCE_GUARD)
    assert.equal((await readAllowance(parts.storage.read, allowance.id))?.usesLeft, 0)
    const [listed] = await listAllowances(parts, await person(allowance.personId))
    assert.equal(listed, undefined, 'what is used up is not in force')
  })

  test('used while it is ended: before or not at all', async () => {
    for (let round = 0; round < 5; round++) {
      const { parts, choice, finn, given, person, use } = await begin()
      const allowance = await given({ ...choice, uses: null })
      const giver = await person(finn.id)
      const ending = endAllowance(parts, { allowanceId: allowance.id, person: giver })
      const during = Array.from({ length: 16 }, () => use(allowance))
      await ending
      assert.equal((await use(allowance)).committed, false)
      await Promise.all(during)
      const ended = await readAllowance(parts.storage.read, allowance.id)
      assert.equal(ended?.endedBy, finn.id)
    }
  })

  test('a use comes back, and never more than were given', async () => {
    const { parts, given, request, use } = await begin()
    const allowance = await given()
    await use(allowance)
    const back = () =>
      parts.storage.commit(
        returnAllowanceSteps(parts, allowance, { decisionId: 'dec_1', taskId: request.taskId }),
      )
    assert.equal((await back()).committed, true)
    await assert.rejects(back())
    assert.equal((await readAllowance(parts.storage.read, allowance.id))?.usesLeft, 5)
  })

  test('means the calls it was given for, and no other', async () => {
    const { choice, given, means, request } = await begin()
    const pattern = choice.pattern.map((part) =>
      part.path === '/amount' ? ({ ...part, how: 'at_most', text: '1000.00' } as const) : part,
    )
    await given({ ...choice, pattern })
    const [order, amount] = request.inspected ?? []
    assert.ok(order && amount)
    assert.equal(await means(), 1)
    assert.equal(await means({ leaves: [order, { ...amount, text: '1000.00' }] }), 1)
    for (const over of [
      { leaves: [order, { ...amount, text: '1000.01' }] },
      { leaves: [{ ...order, text: '1043' }, amount] },
      { leaves: [order] },
      { leaves: undefined },
      { taskId: 'tsk_other' },
      { personId: 'psn_other' },
      { agentId: 'other-bot' },
      { chain: ['refund-bot', 'planner'] },
      { sponsored: true },
      { action: 'orders.cancel' },
      { resource: 'billing' },
      { upstream: 'https://elsewhere.example' },
      { definition: 'def2' },
      { risk: 'critical' },
      // M4: without a key, what is risky is looked at each time.
      { risk: 'high', bound: false },
    ] satisfies Partial<DescribedCall>[])
      assert.equal(await means(over), 0, JSON.stringify(over))
  })

  test('tied to agent and person it crosses tasks, and has an end', async () => {
    const { parts, choice, given, means } = await begin()
    await given({ ...choice, tie: 'agent', lifeSeconds: 7 * DAY_SECONDS })
    assert.equal(await means({ taskId: 'tsk_other' }), 1)
    assert.equal(await means({ taskId: 'tsk_other', personId: 'psn_other' }), 0)
    parts.clock.advance(7 * DAY_SECONDS * 1000)
    assert.equal(await means(), 0)
  })

  test('tied to a task it ends with it, and never later', async () => {
    const { parts, choice, given, means, request } = await begin()
    const allowance = await given({ ...choice, lifeSeconds: 7 * DAY_SECONDS })
    assert.equal(allowance.expiresAt, request.deadline)
    await parts.storage.transaction((tx) => endAllowancesOf(parts, tx, [request.taskId]))
    assert.equal(await means(), 0)
    const ended = await readAllowance(parts.storage.read, allowance.id)
    assert.equal(ended?.endedBy, 'task.closed')
  })

  test('counts only while its giver may give it', async () => {
    const { parts, finn, given, means } = await begin()
    await given()
    await leaveGroup(parts, finn.id, 'finance')
    assert.equal(await means(), 0)
  })

  test('is not used for a call that its giver asks for', async () => {
    const { fay, finn, given, means } = await begin()
    await given()
    assert.equal(await means({ requesterId: fay.id }), 1)
    // Whoever begins to ask in the conversation after having answered would lift the rule for their own call.
    assert.equal(await means({ requesterId: finn.id }), 0)
  })

  test('of two people it is one only when both chose the same', async () => {
    const same = await begin(anAsk({ quorum: 2 }))
    await same.approve(same.finn, same.choice)
    assert.equal(await same.means(), 0)
    await same.approve(same.fay, same.choice)
    assert.equal(await same.means(), 1)
    await leaveGroup(same.parts, same.fay.id, 'finance')
    assert.equal(await same.means(), 0)

    for (const second of [undefined, { ...same.choice, uses: 6 }]) {
      const each = await begin(anAsk({ quorum: 2 }))
      await each.approve(each.finn, each.choice)
      const after = await each.approve(each.fay, second)
      assert.deepEqual([after.state, after.usesLeft], ['approved', 1])
      assert.equal(await each.means(), 0)
    }
  })

  test('ends at the word of giver, represented person or administrator; others do not know it', async () => {
    for (const who of ['finn', 'maria', 'admin'] as const) {
      const { parts, fay, finn, given, maria, means, person } = await begin()
      const allowance = await given()
      const { id: allowanceId } = allowance
      await assert.rejects(endAllowance(parts, { allowanceId, person: await person(fay.id) }), {
        code: 'allowance.unknown',
      })
      await assert.rejects(findAllowance(parts, allowanceId, await person(fay.id)), {
        code: 'allowance.unknown',
      })
      const ids = { finn, maria, admin: await addPerson(parts, 'administrators') }
      const ender = await person(ids[who].id)
      const listed = (await listAllowances(parts, ender)).find(
        ({ allowance: { id } }) => id === allowanceId,
      )
      assert.deepEqual(listed?.givenBy, [finn.id])
      assert.deepEqual(await listAllowances(parts, await person(fay.id)), [])
      await endAllowance(parts, { allowanceId, person: ender })
      const again = await endAllowance(parts, { allowanceId, person: ender })
      assert.equal(again.endedBy, ender.id)
      assert.equal(await means(), 0)
      const ended = (await parts.recorded()).filter(({ type }) => type === 'allowance.ended')
      assert.equal(ended.at(-1)?.by, ender.id)
    }
  })

  test('is never given for what may not stand', async () => {
    const critical = await begin(anAsk({ risk: 'critical' }))
    await assert.rejects(critical.approve(critical.finn, critical.choice), {
      code: 'allowance.bad_choice',
    })
    const { parts, maria, choice } = await begin()
    const unseen = await attached(parts, anAsking(parts, maria, { inspected: null }))
    assert.throws(() => readChoice(unseen, { ...choice, pattern: [] }), {
      code: 'allowance.bad_choice',
    })
  })

  test('is read strictly', async () => {
    const { request, choice } = await begin()
    const [order, amount] = choice.pattern
    assert.deepEqual(readChoice(request, choice), choice)
    assert.deepEqual(
      readChoice(request, { ...choice, pattern: [{ ...order, text: 'not mine to say' }, amount] }),
      choice,
      'what is exact comes from the request',
    )
    const parts = (over: object) => ({ ...choice, pattern: [order, { path: '/amount', ...over }] })
    for (const value of [
      undefined,
      'once',
      [],
      { ...choice, uses: 1 },
      { ...choice, uses: 51 },
      { ...choice, uses: 2.5 },
      { ...choice, uses: '5' },
      { ...choice, lifeSeconds: 59 },
      { ...choice, lifeSeconds: 7 * DAY_SECONDS + 1 },
      { ...choice, tie: 'agent', lifeSeconds: null },
      { ...choice, tie: 'everyone' },
      { ...choice, more: true },
      { ...choice, pattern: [order] },
      { ...choice, pattern: [amount, order] },
      { ...choice, pattern: [order, amount, amount] },
      { ...choice, pattern: [order, 'any'] },
      parts({ how: 'starts', text: '9' }),
      parts({ how: 'at_most', text: '899.99' }),
      parts({ how: 'at_most', text: 'many' }),
      parts({ how: 'at_most' }),
      parts({ how: 'is', bound: 1 }),
      { ...choice, pattern: [{ path: '/order_id', how: 'starts', text: '' }, amount] },
      { ...choice, pattern: [{ path: '/order_id', how: 'starts', text: '2' }, amount] },
      { ...choice, pattern: [{ path: '/order_id', how: 'at_most', text: '2' }, amount] },
    ])
      assert.throws(
        () => readChoice(request, value),
        { code: 'allowance.bad_choice' },
        JSON.stringify(value),
      )
    assert.ok(readChoice(request, parts({ how: 'at_most', text: '900' })))
  })
})
