import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import {
  expireRequests,
  listForApprover,
  listForPerson,
  listForTask,
} from '../../src/approvals/access-requests/index.ts'
import { listAllowances } from '../../src/approvals/approvals/index.ts'
import { lapse } from '../../src/calls/calls/expire-unreported.ts'
import { announcersOf, recordOutcome, recover } from '../../src/calls/calls/index.ts'
import { READ, refund, World } from '../../src/calls/calls/testing.ts'
import { forgetUnusedClients } from '../../src/grants/code-grant/index.ts'
import { Dormancy, suspendDormant } from '../../src/grants/grants/index.ts'
import {
  addAgent,
  alone,
  child,
  permitAll,
  sponsored,
} from '../../src/grants/grants/openings/testing.ts'
import { introspect } from '../../src/grants/token-status/introspect.ts'
import {
  listAgents,
  listDated,
  retireAgent,
  suspendUncertified,
} from '../../src/identity/agents/index.ts'
import {
  chooseUse,
  forgetDeliveries,
  markSeen,
  notifyOnce,
} from '../../src/identity/notifications/index.ts'
import { TestChannel } from '../../src/identity/notifications/testing.ts'
import {
  findPersonsByEmail,
  findPersonsCalled,
  listPersons,
} from '../../src/identity/people/index.ts'
import { openStandIns } from '../../src/identity/stand-ins/index.ts'
import type { Storage } from '../../src/platform/storage/index.ts'
import { forEachEngine } from '../../src/platform/storage/testing.ts'
import { grantBasis, pendingConsents } from '../../src/tasks/consent/index.ts'
import { listDecisions } from '../../src/tasks/decision-log/index.ts'
import { endSponsorship, listSponsorGrants } from '../../src/tasks/sponsorship/index.ts'
import { expireTasks } from '../../src/tasks/tasks/expire.ts'
import { endedHolders } from '../../src/tasks/tasks/holders.ts'
import {
  closeTask,
  endBasis,
  listTasks,
  resumeTask,
  suspendTask,
  TaskKeeper,
} from '../../src/tasks/tasks/index.ts'
import { flawsOf, planOf, watched } from './statements.ts'

/**
 * Tables that grow with people, agents, tasks and calls. Every other one has as many rows as
 * administrators set up.
 */
const GROWS = new Set(
  `persons memberships sessions agents agent_keys agent_clients agent_habits action_sizes workloads workload_tokens foreign_tokens
  tasks task_issuers bases consent_requests sponsor_grants limit_counts limit_uses access_requests asked_people approval_answers allowances
  decisions task_decisions person_decisions agent_decisions all_decisions decision_lists kept_results mcp_tasks mcp_logging notices deferrals ledger_leaves ledger_private ledger_tiles live_epochs live_changes used_once ledger_bundles
  bearer_tokens refresh_tokens risk_signals outbox_events deliveries own_channels channel_choices thread_requesters`.split(
    /\s+/,
  ),
)

/** Sorted all the same: what there can be of it is few, and why. */
const FEW: readonly (readonly [RegExp, string])[] = [
  [/from "agent_clients" where "agent_id" in/, 'clients of the agents of one page'],
  [/from "agent_keys" where "agent_id" = /, 'keys of one agent'],
  [/from "bases" where "person_id" = \S+ and \("ended_at"/, 'what one person has agreed to'],
  [/from "consent_requests" where "person_id" = /, 'what waits for one person'],
  [
    /from "consent_requests" where "agent_id" = \S+ and "person_id" = /,
    'between one agent and one person',
  ],
  [/from "access_requests" where "task_id" = /, 'requests of one task'],
  [/from "allowances" where "ended_at" is null .* "action" = /, 'of one person, agent and action'],
  [/from "allowances" where .*"request_id" in \(select/, 'what one person gave or has'],
  [/from "approval_answers" where "request_id" = /, 'answers to one request'],
  [/from "sponsor_grants" where .*"agent_id" = /, 'grants of one agent'],
  [/from "persons" left join "memberships" .* in \(select "id" from "persons" /, 'one page'],
  [/from "memberships" where "group_name" = \S+\) order by "name"/, 'ten thousand at most'],
  [/from "deliveries" where .*"recipient" = /, 'what waits for one person or group'],
  [/from "deliveries" where "subject" = /, 'who was told of one event'],
  [/from "risk_signals" where \(/, 'signals about those of one call'],
  [/from "action_sizes" where "agent_id" = /, 'thirty days of one agent and action'],
  [/from "tasks" where "root_id" = \S+ order by case/, 'one tree'],
  [/with recursive|select distinct "root_id"/, 'one tree, or some'],
  [/from "agents" order by "id" limit/, 'one page, in order'],
  [/from "(?:tasks|sponsor_grants)" order by/, 'one page, in order'],
  [/"persons"."id" from "groups" left join/, 'a thousand at most'],
  [/from "persons" order by "name", "id" limit/, 'one page, in order'],
  [/from "decisions_open"/, 'calls under way'],
]

forEachEngine('statements', (open) => {
  async function everythingThatIsDone(storage: Storage): Promise<void> {
    const world = await World.over(storage)
    const { ada, finn, parts, sam } = world
    const { live, clock } = parts
    const notifications = {
      ...parts,
      announcers: announcersOf(parts),
      channels: [new TestChannel()],
      kinds: [],
    }
    const helper = await addAgent(world, 'helper')
    await permitAll(world, sam, ada)
    const keeper = new TaskKeeper(parts, { onError: assert.ifError })
    await keeper.start()

    const held = await world.open()
    const token = await world.token(held)
    const read = await world.decide(held, token, READ)
    assert.ok(read.outcome === 'permit')
    await recordOutcome(parts, read.decisionId, { state: 'answered', status: 200 })
    const asked = await world.decide(held, token, refund('800.00'))
    assert.ok(asked.outcome === 'requestable')
    await notifyOnce(notifications)
    await world.approved(held, token, refund('900.00'))
    const again = await world.decide(held, token, refund('900.00'))
    assert.ok(again.outcome === 'permit')
    await recordOutcome(parts, again.decisionId, { state: 'not_sent' })
    const caller = { name: 'orders', mayKnow: () => true }
    assert.equal((await introspect(parts, caller, token)).active, true)

    const under = await child(world, held, helper)
    await suspendTask(parts, { taskId: held.opened.task.id, by: 'test', reason: '' })
    await resumeTask(parts, { taskId: held.opened.task.id, by: 'test', reason: '' })
    await closeTask(parts, { taskId: under.opened.task.id, by: 'test', reason: 'person' })
    const grant = await sponsored(world, helper)
    await alone(world, helper)
    await endSponsorship(parts, { grantId: grant.id, by: 'test' })
    const { id: personId } = sam
    const [basisId = ''] = held.opened.task.bases
    await endBasis(parts, { basisId, by: 'test' })
    const wantsConsent = await world.open().catch((error: unknown) => error)
    assert.ok(wantsConsent instanceof Error)
    await world.allow(held.opened.details)

    const expiring = await world.open()
    clock.advance(expiring.opened.task.deadline - clock.now())
    await live.renew()
    await expireTasks(parts)
    await keeper.sweep()
    await expireRequests(parts)
    await recover(parts)
    await lapse(parts)
    await suspendDormant({ ...parts, dormancy: new Dormancy(90) })
    await forgetUnusedClients(parts, { keptDays: 90 })
    await suspendUncertified(parts)

    for (const state of ['open', undefined] as const) {
      for (const whose of [{}, { personId }, { agentId: 'refund-bot' }])
        await listTasks(storage.read, { ...whose, ...(state && { state }), limit: 10 })
    }
    await listDecisions(storage.read, { limit: 10 })
    await listDecisions(storage.read, { personId, limit: 10 })
    await listDecisions(storage.read, { agentId: 'refund-bot', limit: 10 })
    await listAgents(storage.read, { limit: 10 })
    await listAgents(storage.read, { ownerId: ada.id, limit: 10 })
    await notifyOnce(notifications)
    for (const use of ['off', 'always'] as const)
      await chooseUse(notifications, { person: sam, channel: 'email', use })
    await markSeen(storage, { now: 0, personId, subject: 'req_none' })
    await forgetDeliveries(parts)
    await listPersons(storage.read, { limit: 10 })
    await listPersons(storage.read, { limit: 10, after: ada })
    await findPersonsByEmail(storage.read, 'sam@example.com')
    await findPersonsCalled(storage.read, 'sam@example.com')
    await listDated(storage.read, { limit: 10 })
    await listDated(storage.read, { limit: 10, after: { by: 1, id: 'refund-bot' } })
    await listForApprover(parts, finn)
    await openStandIns(storage.read, { now: clock.now(), personId, limit: 10 })
    await openStandIns(storage.read, { now: clock.now(), limit: 10 })
    await listForPerson(parts, personId)
    await listForTask(parts, held.opened.task.id)
    await listAllowances(parts, sam)
    await listSponsorGrants(storage.read, { limit: 10 })
    await pendingConsents(storage.read, personId, clock.now())
    await grantBasis(parts, {
      ...{ personId, agentId: 'helper', kind: 'admin', grantedBy: ada.id },
      details: held.opened.details,
    })

    await retireAgent(parts, { agentId: 'helper', by: 'test', reason: '' })
    await keeper.sweep()
    await keeper.stop()
    const late = new TaskKeeper(parts, { onError: assert.ifError })
    await late.start()
    await late.stop()
    await world.end()
  }

  test('none looks through, or sorts, what grows with people, agents, tasks or calls', async () => {
    const { statements, storage } = watched(await open())
    await everythingThatIsDone(storage)
    assert.ok(statements.size > 80, `${statements.size} statements`)
    const flaws: string[] = []
    for (const text of statements) {
      const few = FEW.some(([pattern]) => pattern.test(text))
      for (const flaw of await flawsOf(storage, text))
        if (matters(flaw, text) && !few) flaws.push(`${flaw}: ${text}`)
    }
    assert.deepEqual(flaws, [])
  })

  test('who has ended is looked for among those who have, not among everybody', async () => {
    const { statements, storage } = watched(await open())
    // The database counts what is in its tables when it likes; next to nothing is.
    if (storage.engine === 'postgres') await sql`ANALYZE`.execute(storage.read)
    await endedHolders(storage.read, 'person', { after: '', count: 10 })
    const text = [...statements].find((each) => each.includes('exists')) ?? assert.fail()
    assert.match((await planOf(storage, text)).join('; '), /live_ended/)
  })

  test('one that has no index is found out', async () => {
    const storage = await open()
    const by = (column: 'purpose' | 'id') =>
      storage.read.selectFrom('tasks').select('id').where(column, '=', '').compile().sql
    assert.deepEqual(await flawsOf(storage, by('purpose')), ['scan tasks'])
    assert.deepEqual(await flawsOf(storage, by('id')), [])
    const sorted = storage.read.selectFrom('tasks').select('id').where('agent_id', '=', '')
    assert.deepEqual(await flawsOf(storage, sorted.orderBy('purpose').compile().sql), ['sort'])
  })
})

function matters(flaw: string, text: string): boolean {
  const [kind, table = ''] = flaw.split(' ')
  if (kind === 'scan') return GROWS.has(table)
  return [...text.matchAll(/"(\w+)"/g)].some(([, name = '']) => GROWS.has(name))
}
