import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { findRequest } from '../../approvals/access-requests/index.ts'
import type { CallParts } from '../../calls/calls/index.ts'
import { setDisplay, setRisk } from '../../catalog/catalog-changes/index.ts'
import { askedFor } from '../../console/pages/approval/testing.ts'
import { openedTask } from '../../console/pages/task/testing.ts'
import { refundBot, testPages } from '../../console/pages/testing.ts'
import { nameStandIn } from '../../identity/stand-ins/index.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { insertDecisionQuery, type StoredDecision } from '../../tasks/decision-log/index.ts'
import type { Task } from '../../tasks/tasks/index.ts'
import { channelQuestion } from './channel-question.ts'
import { catalogOf } from './testing.ts'

type AskOptions = NonNullable<Parameters<typeof askedFor>[3]>
type Body = Parameters<typeof askedFor>[2]

forEachEngine('a question for a channel', (open) => {
  async function begin() {
    const pages = await testPages(await open())
    const { decisions } = pages.parts
    const sam = await pages.person('sam', 'support')
    const fiona = await pages.person('fiona', 'finance')
    await refundBot(pages, sam)
    const catalog = catalogOf(pages)
    const setClass = (risk: 'high' | 'low' | 'medium') =>
      setRisk(catalog, { action: 'orders.refund', risk, by: sam.id })
    await setClass('medium')
    const asked = async (ask: AskOptions = {}, body?: Body, task: Partial<Task> = {}) =>
      askedFor(pages, await openedTask(pages, sam, task), body, { risk: 'medium', ...ask })
    const questionOf = (id: string, parts: CallParts = decisions) =>
      channelQuestion(parts, id, fiona.id)
    const ofNew = async (...of: Parameters<typeof asked>) => questionOf((await asked(...of)).id)
    return { asked, catalog, decisions, fiona, ofNew, pages, questionOf, sam, setClass }
  }

  /** The store's parts, with something of the catalog in the place of what it has. */
  async function withCatalog(
    parts: CallParts,
    change: (current: Awaited<ReturnType<CallParts['catalog']['current']>>) => object,
  ): Promise<CallParts> {
    const current = await parts.catalog.current()
    const changed = { ...current, ...change(current) }
    return Object.create(parts, { catalog: { value: { current: () => changed } } })
  }

  test('is there for calls of low and medium risk', async () => {
    const { ofNew, setClass } = await begin()
    assert.equal((await ofNew())?.title, 'Call of medium risk: waits for approval')
    await setClass('low')
    assert.equal((await ofNew({ risk: 'low' }))?.title, 'Call of low risk: waits for approval')
  })

  test('is none for a stand-in, who reads for whom they answer', async () => {
    const { asked, fiona, pages, decisions, questionOf } = await begin()
    const boris = await pages.person('boris')
    const { id } = await asked()
    await nameStandIn(pages.parts.people, {
      ...{ personId: fiona.id, standIn: boris.id, endsAt: pages.clock.now() + DAY },
    })
    assert.ok(await questionOf(id))
    assert.equal(await channelQuestion(decisions, id, boris.id), undefined)
    assert.equal(await channelQuestion(decisions, id, 'psn_none'), undefined)
  })

  test('is none while its action is gone, or waits for a look itself', async () => {
    const { asked, decisions, questionOf } = await begin()
    const { id } = await asked()
    const now = async (over: object | undefined) =>
      questionOf(
        id,
        await withCatalog(decisions, ({ actions }) => {
          const changed = new Map(actions)
          const known = changed.get('orders.refund')
          if (known && over) changed.set('orders.refund', { ...known, ...over })
          else changed.delete('orders.refund')
          return { actions: changed }
        }),
      )
    assert.ok(await now({}))
    assert.equal(await now(undefined), undefined)
    assert.equal(await now({ quarantined: true }), undefined)
  })

  test('is there with arguments that a line can show, and none with links and people', async () => {
    const { asked, catalog, questionOf, sam } = await begin()
    const { id } = await asked()
    const set = { action: 'orders.refund', by: sam.id }
    await setDisplay(catalog, { ...set, path: '/amount', display: 'currency:EUR' })
    assert.ok(await questionOf(id))
    await setDisplay(catalog, { ...set, path: '/order_id', display: 'link' })
    assert.equal(await questionOf(id), undefined)
  })

  test('is none for a call that an approver has changed', async () => {
    const { asked, decisions, questionOf } = await begin()
    const [{ id }, { id: editedFrom }] = [await asked(), await asked({}, { amount: '901.00' })]
    await decisions.storage.transaction((tx) =>
      tx
        .updateTable('access_requests')
        .set({ edited_from: editedFrom })
        .where('id', '=', id)
        .execute(),
    )
    assert.equal((await findRequest(decisions, id))?.editedFrom, editedFrom)
    assert.equal(await questionOf(id), undefined)
    assert.ok(await questionOf(editedFrom))
  })

  test('is none where another agent or organization stands between', async () => {
    const { ofNew } = await begin()
    assert.ok(await ofNew({ call: { chain: ['refund-bot'] } }))
    assert.equal(await ofNew({ call: { chain: ['refund-bot', 'helper'] } }), undefined)
    const actors = [{ iss: 'https://partner.example', sub: 'their-bot' }]
    assert.equal(await ofNew({}, undefined, { actors }), undefined)
  })

  test('is none where one of its facts is gone', async () => {
    const { asked, decisions, questionOf } = await begin()
    const { agentId, id, personId, taskId } = await asked()
    const noResource = await withCatalog(decisions, () => ({ resources: new Map() }))
    assert.equal(await questionOf(id, noResource), undefined)
    for (const [table, column, of] of [
      ['agents', 'id', agentId],
      ['agents', 'owner_id', personId],
      ['tasks', 'id', taskId],
      ['access_requests', 'person_id', personId],
    ] as const) {
      const rename = (from: string, to: string) =>
        decisions.storage.transaction((tx) =>
          sql`UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${to} WHERE ${sql.ref(column)} = ${from}`.execute(
            tx,
          ),
        )
      assert.ok(await questionOf(id))
      await rename(of, 'gone')
      assert.equal(await questionOf(id), undefined, `${table}.${column}`)
      await rename('gone', of)
    }
  })

  test('has as many facts and characters as a message takes in, and no more', async () => {
    const { ofNew } = await begin()
    const members = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`part${i}`, 'x']))
    assert.equal((await ofNew({}, members(12)))?.facts.length, 20)
    assert.equal(await ofNew({}, members(13)), undefined)
    const short = await ofNew({}, { note: '' })
    assert.ok(short)
    const texts = [short.sentence, ...short.facts.flatMap(({ name, value }) => [name, value])]
    const left = 2_000 - texts.join('').length
    assert.ok(await ofNew({}, { note: 'x'.repeat(left) }))
    assert.equal(await ofNew({}, { note: 'x'.repeat(left + 1) }), undefined)
  })

  test('says every reason why people are asked, or that a policy asks', async () => {
    const { ofNew } = await begin()
    const why = async (prompts: readonly string[]) =>
      (await ofNew({ prompts }))?.facts.flatMap(({ name, value }) =>
        name === 'Why you are asked' ? [value] : [],
      )
    assert.deepEqual(await why(['Large refunds', 'New shop']), ['Large refunds', 'New shop'])
    assert.deepEqual(await why([]), ['a policy asks for a person’s approval'])
  })

  test('says which values are of the query and of headers', async () => {
    const { ofNew } = await begin()
    const question = await ofNew({
      call: { query: [['notify', 'no']], headers: [['prefer', 'respond-async']] },
    })
    const facts = question?.facts.map(({ name, value }) => [name, value])
    assert.deepEqual(facts?.slice(4, 8), [
      ['POST', '/orders/1042/refunds'],
      ['notify (query)', 'no'],
      ['prefer (header)', 'respond-async'],
      ['amount', '900.00'],
    ])
  })

  test('says what is unusual about the call, and its size', async () => {
    const { asked, decisions, questionOf } = await begin()
    const request = await asked()
    const names = async () => (await questionOf(request.id))?.facts.map(({ name }) => name)
    assert.ok(!(await names())?.some((name) => ['Unusual', 'Size'].includes(name)))
    const risk: StoredDecision['explanation']['risk'] = {
      ...({ score: 20, class: 'medium' } as const),
      ...{ points: { 'class.medium': 10, 'first.action': 10 } },
      ...{ first: ['action'], callsLastMinute: 0, sizeRatio: '1.5', hour: 12, hourUtc: 12 },
    }
    const decision: StoredDecision = {
      ...{ id: request.decisionId, taskId: request.taskId, personId: request.personId },
      ...{ agentId: request.agentId, resource: request.resource, action: request.action },
      ...{ outcome: 'requestable', reason: 'approval.required', callHash: request.callHash },
      ...{ policyVersion: 1, requestId: request.id, allowanceId: null, state: 'decided' },
      ...{ explanation: { gates: [], risk }, status: null, replicaId: 'rpl_1', at: 1 },
      ...{ endedAt: null, presumedAt: null },
    }
    const query = insertDecisionQuery(decisions.storage.read, decision)
    await decisions.storage.commit([{ name: 'decision', query, rows: 1 }])
    const facts = (await questionOf(request.id))?.facts ?? []
    assert.deepEqual(
      facts.filter(({ name }) => ['Unusual', 'Size'].includes(name)),
      [
        { name: 'Unusual', value: 'the first time that this agent calls this' },
        { name: 'Size', value: '1.5 times what is usual in 30 days' },
      ],
    )
  })
})
