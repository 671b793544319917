import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../approvals/access-requests/index.ts'
import { answerRequest, shownDigest } from '../../approvals/approvals/index.ts'
import { askedFor, openingAsked } from '../../console/pages/approval/testing.ts'
import { openedTask } from '../../console/pages/task/testing.ts'
import { refundBot, testPages } from '../../console/pages/testing.ts'
import { findAgent } from '../../identity/agents/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findTask } from '../tasks/index.ts'
import { answerFigures, denyRequest } from './index.ts'

forEachEngine('a denial that does more', (open) => {
  async function begin() {
    const pages = await testPages(await open())
    const { decisions } = pages.parts
    const sam = await pages.person('sam', 'support')
    await refundBot(pages, sam)
    const task = await openedTask(pages, sam)
    const request = await askedFor(pages, task)
    const given = { requestId: request.id, shown: shownDigest(request), authTime: 1 }
    return { pages, sam, decisions, task, request, given }
  }

  test('ends the task, or suspends the agent and reports it, at every replica before it returns', async () => {
    for (const consequence of ['end_task', 'report'] as const) {
      const { pages, decisions, task, request, given } = await begin()
      const person = await pages.person('fiona', 'finance')
      const settled: unknown[] = []
      // The state is read again by all who watch it, before the answer is told.
      const { live } = decisions
      const settle = live.settle.bind(live)
      live.settle = async (change) => {
        settled.push(change)
        await settle(change)
      }
      const denied = await denyRequest(decisions, { ...given, person, consequence })
      assert.equal(denied.state, 'denied')
      assert.equal(settled.length, 1)
      assert.ok(settled[0])
      const { read } = decisions.storage
      const ends = consequence === 'end_task'
      const closed = await findTask(read, task.id)
      // A suspended agent keeps its tasks, in which nothing goes through.
      assert.deepEqual(
        [closed?.state, closed?.closeReason],
        ends ? ['closed', 'approver'] : ['open', null],
      )
      const agent = await findAgent(read, request.agentId)
      assert.equal(agent?.status, ends ? 'active' : 'suspended')
      const reports = await read
        .selectFrom('outbox_events')
        .where('kind', '=', 'report')
        .select('subject')
        .execute()
      assert.deepEqual(reports, ends ? [] : [{ subject: request.id }])
    }
  })

  test('of an opening has no task to end', async () => {
    const { pages, sam, decisions } = await begin()
    const request = await openingAsked(pages, sam)
    const person = await pages.person('fiona', 'finance')
    const given = { requestId: request.id, shown: shownDigest(request), authTime: 1, person }
    const denied = await denyRequest(decisions, { ...given, consequence: 'end_task' })
    assert.equal(denied.state, 'denied')
  })

  test('of 64 answers at once, one has its way, and only what it says happens', async () => {
    const { pages, decisions, task, request, given } = await begin()
    const people = await Promise.all(
      Array.from({ length: 64 }, (_, i) => pages.person(`finance-${i}`, 'finance')),
    )
    const done = await Promise.allSettled(
      people.map((person, i) => {
        const by = { ...given, person }
        return i % 2 === 0
          ? answerRequest(decisions, { ...by, answer: 'deny' })
          : denyRequest(decisions, { ...by, consequence: i % 4 === 1 ? 'end_task' : 'report' })
      }),
    )
    const taken = done.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
    assert.equal(taken.length, 1)
    const [first = 0] = taken
    const { read } = decisions.storage
    assert.equal((await findRequest(decisions, request.id))?.state, 'denied')
    assert.equal((await findTask(read, task.id))?.state, first % 4 === 1 ? 'closed' : 'open')
    const agent = await findAgent(read, 'refund-bot')
    assert.equal(agent?.status, first % 4 === 3 ? 'suspended' : 'active')
  })

  test('is counted: how many answers, how many approved, how many were hardly read, in an hour', async () => {
    const { pages, sam, decisions } = await begin()
    pages.clock.advance(50 * 60_000)
    const task = await openedTask(pages, sam)
    const person = await pages.person('fiona', 'finance')
    const other = await pages.person('finn', 'finance')
    const start = pages.clock.now()
    const say = async (amount: string, readMs: number | undefined, by = person) => {
      const request = await askedFor(pages, task, { amount })
      const shown = shownDigest(request)
      const shownAt = readMs === undefined ? undefined : pages.clock.now() - readMs
      const given = { requestId: request.id, person: by, shown, shownAt, authTime: 1 }
      await answerRequest(decisions, { ...given, answer: amount === '1' ? 'deny' : 'approve' })
    }
    await say('1', 2_999)
    await say('2', 3_000)
    await say('3', undefined)
    await say('4', 1, other)
    pages.clock.advance(20 * 60_000)
    await say('5', 10)
    assert.deepEqual(await answerFigures(decisions, person.id), [
      { personId: person.id, answers: 4, approved: 3, timed: 3, hasty: 2, busiestHour: 3 },
    ])
    assert.deepEqual(
      (await answerFigures(decisions)).map(({ answers, personId }) => [personId, answers]),
      [
        [person.id, 4],
        [other.id, 1],
      ],
    )
    pages.clock.advance(start + 31 * 86_400_000 - pages.clock.now())
    assert.deepEqual(await answerFigures(decisions), [])
  })

  test('leaves nothing behind where it cannot be written whole', async () => {
    const { pages, decisions, task, request, given } = await begin()
    const person = await pages.person('fiona', 'finance')
    for (const consequence of ['end_task', 'report'] as const) {
      const live = Object.assign(Object.create(decisions.live) as typeof decisions.live, {
        raise: () => Promise.reject(new Error('stopped here')),
      })
      const stopped = denyRequest({ ...decisions, live }, { ...given, person, consequence })
      await assert.rejects(stopped, /stopped here/)
    }
    const { read } = decisions.storage
    assert.equal((await findRequest(decisions, request.id))?.state, 'pending')
    assert.equal((await findTask(read, task.id))?.state, 'open')
    assert.equal((await findAgent(read, 'refund-bot'))?.status, 'active')
    const reports = read.selectFrom('outbox_events').where('kind', '=', 'report').selectAll()
    assert.deepEqual(await reports.execute(), [])
  })
})
