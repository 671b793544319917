import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask } from '@remit/engine'
import { expandEvents } from '../../identity/notifications/expand.ts'
import type { NotificationParts } from '../../identity/notifications/parts.ts'
import { findPerson } from '../../identity/people/index.ts'
import { standInAnnouncers } from '../../identity/stand-ins/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findRequest, listForApprover } from '../access-requests/list.ts'
import { approvalAnnouncers } from './announce.ts'
import { answerRequest } from './answer.ts'
import { shownDigest } from './answer-hash.ts'
import {
  addPerson,
  anAsk,
  anAsking,
  attached,
  suspend,
  type TestParts,
  testParts,
} from './testing.ts'
import { usableApproval } from './use.ts'

type Somebody = { readonly id: Id<'person'> }

forEachEngine('who answers', (open) => {
  let shared: Promise<TestParts> | undefined

  async function begin() {
    shared ??= open.shared().then(testParts)
    const parts = await shared
    const maria = await addPerson(parts, 'support')
    const boss = await addPerson(parts)
    const ask = (over: Partial<Ask>, task = {}) =>
      attached(parts, anAsking(parts, maria, { ask: anAsk(over), ...task }))
    const approve = async (request: { id: string }, person: Somebody) => {
      const now = await findRequest(parts, request.id)
      assert.ok(now)
      const given = { requestId: now.id, person, answer: 'approve', authTime: 1 } as const
      return answerRequest(parts, { ...given, shown: shownDigest(now) })
    }
    const listed = async ({ id }: Somebody) => {
      const person = await findPerson(parts.storage.read, id)
      assert.ok(person)
      return (await listForApprover(parts, person)).map((each) => each.id)
    }
    return { approve, ask, boss, listed, maria, parts }
  }

  const change = (storage: Storage, { id }: Somebody, row: Record<string, string | null>) =>
    storage.transaction(async (tx) => {
      await tx.updateTable('persons').set(row).where('id', '=', id).execute()
    })
  const reportsTo = (storage: Storage, person: Somebody, manager: string) =>
    change(storage, person, { attributes: JSON.stringify({ manager }) })
  const refused = { code: 'approval.not_an_approver' }

  test('the manager, by subject or by the address that one person of the same provider has', async () => {
    const { approve, ask, boss, listed, maria, parts } = await begin()
    await reportsTo(parts.storage, maria, boss.id)
    const asked = await ask({ approvers: [['manager']] })
    assert.deepEqual(await listed(boss), [asked.id])
    const other = await addPerson(parts, 'finance')
    await assert.rejects(approve(asked, other), refused)
    assert.equal((await approve(asked, boss)).state, 'approved')
    const address = `${boss.id}@example.com`
    await change(parts.storage, boss, { email: address })
    await reportsTo(parts.storage, maria, address)
    assert.equal((await approve(await ask({ approvers: [['manager']] }), boss)).state, 'approved')
  })

  test('a manager of another provider, one of two with an address, and oneself are nobody', async () => {
    const { ask, boss, maria, parts } = await begin()
    const nobody = () =>
      assert.rejects(ask({ approvers: [['manager']] }), { message: 'approval.nobody_to_ask' })
    await nobody()
    await reportsTo(parts.storage, maria, boss.id)
    await change(parts.storage, boss, { issuer: 'https://evil.example' })
    await nobody()
    const twin = await addPerson(parts)
    const address = `${boss.id}@example.com`
    for (const one of [boss, twin]) await change(parts.storage, one, { email: address })
    await reportsTo(parts.storage, maria, address)
    // The one at the other provider has the same address, and takes nothing away.
    await ask({ approvers: [['manager']] })
    await change(parts.storage, boss, { issuer: 'https://idp.example' })
    await nobody()
    await reportsTo(parts.storage, maria, maria.id)
    await nobody()
  })

  test('a manager who is suspended, or another one by now, does not count: when answering and when using', async () => {
    const { approve, ask, boss, maria, parts } = await begin()
    await reportsTo(parts.storage, maria, boss.id)
    const first = await ask({ approvers: [['manager']] })
    const second = await ask({ approvers: [['manager']] })
    assert.equal((await approve(first, boss)).state, 'approved')
    const standing = () =>
      usableApproval(parts, first.taskId, first.callHash, parts.clock.now()).then((s) => s.state)
    assert.equal(await standing(), 'usable')
    const next = await addPerson(parts)
    await reportsTo(parts.storage, maria, next.id)
    assert.equal(await standing(), 'lapsed')
    await reportsTo(parts.storage, maria, boss.id)
    assert.equal(await standing(), 'usable')
    await suspend(parts, boss.id)
    assert.equal(await standing(), 'lapsed')
    await assert.rejects(approve(second, boss), refused)
  })

  test('others count where manager and owner mean nobody, and only then', async () => {
    const { approve, ask, boss, maria, parts } = await begin()
    const finn = await addPerson(parts, 'finance')
    const asking = {
      approvers: [['manager', 'owner']],
      fallbacks: [{ rule: 0, names: ['group:finance'] }],
    }
    const without = await ask(asking)
    await reportsTo(parts.storage, maria, boss.id)
    await assert.rejects(approve(without, finn), refused)
    await suspend(parts, boss.id)
    assert.equal((await approve(without, finn)).state, 'approved')
  })

  test('dual control needs two people, also where one has both hats', async () => {
    const { approve, ask, parts } = await begin()
    const both = await addPerson(parts, 'finance', 'legal')
    const legal = await addPerson(parts, 'legal')
    const asked = await ask({ approvers: [['group:finance'], ['group:legal']], separate: [[0, 1]] })
    assert.equal((await approve(asked, both)).state, 'pending')
    assert.equal((await approve(asked, legal)).state, 'approved')
  })

  test('nobody approves what they asked for before, or in a task above; nor the owner of the agent where the rule says so', async () => {
    const { approve, ask, listed, parts } = await begin()
    const [early, sponsor, owner, gone] = [
      await addPerson(parts, 'finance'),
      await addPerson(parts, 'finance'),
      await addPerson(parts, 'finance'),
      await addPerson(parts, 'finance'),
    ]
    const now = parts.clock.now()
    const task = (id: string, over: Record<string, string | number>) => ({
      ...{ id, root_id: 'tsk_root', person_id: sponsor.id, agent_id: 'planner', purpose: 'x' },
      ...{ details: '[]', may_delegate: '[]', bases: '[]', shares_key: 1 as const, state: 'open' },
      ...{ opened_at: now, deadline: now + 1, sponsored: 0 as const, budget: '[]', issuers: '[]' },
      ...{ opened_by: 'exchange', actors: '[]', thread_id: 'thr_1', ...over },
    })
    await parts.storage.transaction(async (tx) => {
      await tx.deleteFrom('tasks').execute()
      await tx
        .insertInto('agents')
        .values({
          ...{ id: 'planner', name: 'planner', description: '', owner_id: owner.id, trust: 3 },
          ...{ ceiling: '[]', status: 'active', created_at: now, idle_minutes: 0 },
        })
        .execute()
      await tx.insertInto('tasks').values(task('tsk_root', {})).execute()
      await tx
        .insertInto('tasks')
        .values(task('tsk_child', { parent_id: 'tsk_root', agent_id: 'refund-bot' }))
        .execute()
    })
    await askedIn(parts.storage, [
      [early.id, now],
      [gone.id, now - 1],
    ])
    const child = { taskId: 'tsk_child' as const }
    const asked = await ask({}, child)
    for (const person of [early, sponsor]) {
      await assert.rejects(approve(asked, person), { code: 'approval.own_request' })
      assert.ok(!(await listed(person)).includes(asked.id))
    }
    assert.ok((await listed(owner)).includes(asked.id))
    assert.equal((await approve(asked, gone)).state, 'approved')
    // Who begins to ask later takes their word back with it.
    await askedIn(parts.storage, [[gone.id, null]])
    const standing = await usableApproval(parts, asked.taskId, asked.callHash, now)
    assert.equal(standing.state, 'lapsed')
    const strict = await ask(
      { barsAgentOwners: true, forbids: [{ id: 'other', digest: 'd' }] },
      child,
    )
    await assert.rejects(approve(strict, owner), { code: 'approval.own_request' })
    const self = { self: true, forbids: [{ id: 'self', digest: 'd' }] }
    assert.equal((await approve(await ask(self, child), early)).state, 'approved')
  })

  /** People who asked in a conversation, and until when. */
  const askedIn = (storage: Storage, rows: readonly (readonly [string, number | null])[]) =>
    storage.transaction(async (tx) => {
      for (const [person_id, until] of rows)
        await tx
          .insertInto('thread_requesters')
          .values({ thread_id: 'thr_1', person_id, until })
          .onConflict((conflict) =>
            conflict.columns(['thread_id', 'person_id']).doUpdateSet({ until }),
          )
          .execute()
    })

  test('an escalation counts from its time on, is told then, and is recorded once by two servers', async () => {
    const { approve, ask, boss, listed, maria, parts } = await begin()
    await reportsTo(parts.storage, maria, boss.id)
    await addPerson(parts, 'finance')
    const asked = await ask({
      escalations: [
        { rule: 0, afterSeconds: 300, name: 'manager' },
        { rule: 0, afterSeconds: 600, name: 'group:chiefs' },
      ],
    })
    const announcers = approvalAnnouncers(parts)
    const told = async () => {
      const announced = await announcers.request(asked.id)
      return announced?.recipients.some(({ id }) => id === boss.id)
    }
    assert.equal(await told(), false)
    assert.deepEqual(await listed(boss), [])
    await assert.rejects(approve(asked, boss), refused)
    const notifications = {
      ...parts,
      announcers: {
        ...{ ...announcers, ...standInAnnouncers(parts) },
        ...{ consent: none, notice: none, passkey: none },
      },
      channels: [],
      kinds: [],
    } satisfies NotificationParts
    const round = () => Promise.all([1, 2, 3, 4].map(() => expandEvents(notifications)))
    await round()
    parts.clock.advance(5 * MINUTE - 1)
    await round()
    assert.equal(await told(), false)
    await assert.rejects(approve(asked, boss), refused)
    parts.clock.advance(1)
    await round()
    await round()
    assert.equal(await told(), true)
    assert.deepEqual(await listed(boss), [asked.id])
    const recorded = (await parts.recorded()).filter(
      ({ request_id, type }) => type === 'approval.escalated' && request_id === asked.id,
    )
    assert.deepEqual(
      recorded.map(({ facts }) => facts?.to),
      ['manager'],
    )
    assert.equal((await approve(asked, boss)).state, 'approved')
    const { callHash, taskId } = asked
    const standing = await usableApproval(parts, taskId, callHash, parts.clock.now())
    assert.equal(standing.state, 'usable')
  })
  const none = async () => undefined
})
