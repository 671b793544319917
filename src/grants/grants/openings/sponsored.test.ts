import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ISSUER, ORDERS, READ, refund, worldsOver } from '../../../calls/calls/testing.ts'
import { setOwner } from '../../../identity/agents/change-limits.ts'
import { findAgent, resumeAgent, suspendAgent } from '../../../identity/agents/index.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { checkResourceToken, checkTaskToken } from '../../../identity/tokens/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import type { Sponsorship } from '../../../tasks/sponsorship/grant-sponsorship.ts'
import {
  endSponsorship,
  grantSponsorship,
  listSponsorGrants,
  showSponsorships,
} from '../../../tasks/sponsorship/index.ts'
import { findTask, listTasks } from '../../../tasks/tasks/index.ts'
import { planOpening } from './plan-opening.ts'
import {
  addAgent,
  alone,
  beginAlone,
  child,
  handOn,
  only,
  permitAll,
  reasonOf,
  refundBot,
  sponsored,
  ticketFor,
} from './testing.ts'

/** A Monday. */
const MONDAY = Date.UTC(2027, 0, 4)

forEachEngine('an autonomous task', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const bot = refundBot(world)
    const own = { issuer: ISSUER, keys: world.parts.keys, clock: world.parts.clock }
    const { kindOf } = await world.parts.catalog.current()
    const agent = await findAgent(world.parts.storage.read, bot.id)
    assert.ok(agent)
    const terms = (over: Partial<Sponsorship>): Sponsorship => ({
      agent,
      sponsor: world.ada,
      purpose: 'nightly count',
      details: [only('orders.read')],
      rate: { tasks: 1, seconds: 60 },
      expiresAt: world.parts.clock.now() + HOUR,
      ...over,
    })
    const give = (over: Partial<Sponsorship>) => grantSponsorship(world.parts, terms(over), kindOf)
    return { world, parts: world.parts, bot, own, give }
  }

  test('a plan under the grant of another agent comes to nothing', async (t) => {
    const { bot, give, parts, world } = await begin(t)
    const other = await addAgent(world, 'other')
    const { id: grantId, purpose } = await give({})
    const planned = async ({ id }: { readonly id: string }) => {
      const agent = await findAgent(parts.storage.read, id)
      assert.ok(agent)
      return planOpening(
        parts,
        {
          ...{ flow: 'deferred', origin: { ip: '192.0.2.7' } },
          requester: { agent, issuers: [], proof: undefined },
          request: {
            ...{ purpose, proved: { authTime: null, acr: null } },
            way: { kind: 'sponsored', by: 'client_credentials', grantId },
          },
        },
        {},
      )
    }
    assert.equal((await planned(bot)).outcome, 'planned')
    const no = await planned(other)
    assert.equal(no.outcome === 'refused' && no.reason, 'sponsor_grant.unknown')
  })

  test('is the agent’s own: its token names no person, and no one acts for anyone', async (t) => {
    const { world, bot, own, parts } = await begin(t)
    const grant = await sponsored(world, bot)
    const held = await alone(world, bot)
    const { task } = held.opened
    assert.deepEqual(
      [task.sponsored, task.sponsorGrantId, task.personId, task.purpose, task.openedBy],
      [true, grant.id, world.ada.id, grant.purpose, 'sponsor'],
    )
    for (const claims of [
      await checkTaskToken(held.opened.token.token, own),
      await checkResourceToken(await world.token(held), ORDERS, own),
    ]) {
      assert.deepEqual(
        [claims.sub, claims.sub_profile, claims.act, claims.sub_id],
        ['refund-bot', 'ai_agent', undefined, undefined],
      )
      assert.deepEqual(claims.sponsor, sponsorOf(world))
    }
    const opened = (await parts.recorded()).find(({ type }) => type === 'task.opened')
    assert.equal(opened?.facts?.sponsor_grant, grant.id)
  })

  test('is decided by what its sponsor and the agent may do, with no person in the context', async (t) => {
    const { world, bot } = await begin(t)
    await sponsored(world, bot)
    const held = await alone(world, bot)
    const sponsorMayNot = await world.decide(held, await world.token(held), READ)
    assert.equal(sponsorMayNot.outcome === 'deny' && sponsorMayNot.reason, 'person.not_permitted')
    await permitAll(world, world.ada)
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.equal(verdict.outcome, 'permit')
    assert.equal(
      verdict.outcome === 'permit' && verdict.transactionClaims.parties.person,
      undefined,
    )
    const beyond = await world.decide(held, await world.token(held), refund('1.00'))
    assert.equal(beyond.outcome === 'deny' && beyond.reason, 'task.not_covered')
  })

  test('a rule that wants a person present does not hold', async (t) => {
    const { world, bot } = await begin(t)
    // `refund-bot-for-support`: only for people of support who are there; Ada joins them.
    await world.signIn('ada', 'support')
    await sponsored(world, bot)
    const held = await alone(world, bot)
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.equal(verdict.outcome === 'deny' && verdict.reason, 'agent.not_permitted')
  })

  test('has children that say so: `sub` is the agent at the root, `act` begins with them', async (t) => {
    const { world, bot, own } = await begin(t)
    const helper = await addAgent(world, 'helper-bot')
    await permitAll(world, world.ada)
    await sponsored(world, bot)
    const held = await child(world, await alone(world, bot), helper)
    const claims = await checkResourceToken(await world.token(held), ORDERS, own)
    assert.deepEqual([claims.sub, claims.sub_profile], ['refund-bot', 'ai_agent'])
    assert.deepEqual(claims.sponsor, sponsorOf(world), 'also of a child')
    assert.deepEqual([claims.act?.sub, claims.act?.act], ['helper-bot', undefined])
    assert.equal(held.opened.task.sponsored, true)
    assert.equal((await world.decide(held, await world.token(held), READ)).outcome, 'permit')
  })

  test('is opened for less than all of the grant, never for more, and never for another purpose', async (t) => {
    const { world, bot } = await begin(t)
    await sponsored(world, bot)
    const some = await alone(world, bot, { details: [only('orders.read', 'orders.refund')] })
    assert.deepEqual(
      some.opened.details.flatMap(({ actions }) => actions),
      ['orders.read'],
    )
    const attempt = async (over: object) => reasonOf(await beginAlone(world, bot, over))
    assert.equal(await attempt({ details: [only('orders.refund')] }), 'task.beyond_basis')
    assert.equal(await attempt({ details: [handOn('orders.refund')] }), 'task.beyond_basis')
    assert.equal(await attempt({ purpose: 'something else' }), 'task.bad_purpose')
    assert.equal(await attempt({ purpose: 'nightly count of orders' }), 'opened')
    assert.equal(await attempt({ budget: [{ limit: 'calls', max: 1 }] }), 'task.bad_budget')
    assert.equal(await attempt({ lifeSeconds: 0 }), 'task.bad_life')
  })

  test('hands on what the grant says', async (t) => {
    const { world, bot } = await begin(t)
    const grant = await sponsored(world, bot, { mayDelegate: [handOn('orders.read')] })
    const held = await alone(world, bot)
    assert.deepEqual(
      held.opened.task.mayDelegate.map(({ type, actions }) => [type, ...actions]),
      [['remit_delegate', 'orders.read']],
    )
    const narrowed = await alone(world, bot, { details: [only('orders.list')] })
    assert.deepEqual(narrowed.opened.task.mayDelegate, [])
    assert.equal(grant.mayDelegate?.length, 1)
  })

  test('is not opened without a grant in force, and the grants of others do not exist', async (t) => {
    const { world, parts, bot } = await begin(t)
    const attempt = async (over: object = {}) => reasonOf(await beginAlone(world, bot, over))
    assert.equal(await attempt(), 'sponsor_grant.unknown')
    const other = await addAgent(world, 'other-bot')
    const foreign = await sponsored(world, other)
    assert.equal(await attempt({ grantId: foreign.id }), 'sponsor_grant.unknown')
    const grant = await sponsored(world, bot)
    assert.equal(await attempt(), 'opened')
    await sponsored(world, bot, { purpose: 'another' })
    assert.equal(await attempt(), 'sponsor_grant.ambiguous')
    assert.equal(await attempt({ grantId: grant.id }), 'opened')
    await endSponsorship(parts, { grantId: grant.id, by: world.ada.id })
    assert.equal(await attempt({ grantId: grant.id }), 'sponsor_grant.not_in_force')
  })

  test('ends with its grant, and everything below it', async (t) => {
    const { world, parts, bot } = await begin(t)
    await permitAll(world, world.ada)
    const helper = await addAgent(world, 'helper-bot')
    const grant = await sponsored(world, bot)
    const root = await alone(world, bot)
    const below = await child(world, root, helper)
    const token = await world.token(below)
    await endSponsorship(parts, { grantId: grant.id, by: world.ada.id })
    const verdict = await world.decide(below, token, READ)
    assert.equal(verdict.outcome === 'deny' && verdict.reason, 'task.closed')
    const closed = await findTask(parts.storage.read, root.opened.task.id)
    assert.deepEqual([closed?.state, closed?.closeReason], ['closed', 'sponsor_grant.ended'])
    await endSponsorship(parts, { grantId: grant.id, by: world.ada.id })
  })

  test('does not outlast its grant', async (t) => {
    const { world, parts, bot } = await begin(t)
    const expiresAt = parts.clock.now() + 90_000
    await sponsored(world, bot, { expiresAt })
    assert.equal((await alone(world, bot)).opened.task.deadline, expiresAt)
    parts.clock.advance(90_000)
    assert.equal(reasonOf(await beginAlone(world, bot)), 'sponsor_grant.unknown')
  })

  test('is opened within the schedule of its grant only', async (t) => {
    const { world, parts, bot } = await begin(t)
    const at = (time: number) => parts.clock.advance(time - parts.clock.now())
    at(MONDAY - 1)
    await world.signIn('ada')
    const schedule = { days: ['mon'], from: '22:00', to: '02:00', zone: 'Europe/Berlin' } as const
    await sponsored(world, bot, { rate: undefined, schedule })
    for (const [hours, reason] of [
      [20, 'sponsor_grant.not_now'],
      [21, 'opened'],
      [24.5, 'opened'],
      [25, 'sponsor_grant.not_now'],
      [45, 'sponsor_grant.not_now'],
    ] as const) {
      at(MONDAY + hours * HOUR)
      assert.equal(reasonOf(await beginAlone(world, bot)), reason, `${hours} h`)
    }
  })

  test('is opened as often as the rate says, and not once more, whatever races', async (t) => {
    const { world, parts, bot } = await begin(t)
    await sponsored(world, bot, { rate: { tasks: 3, seconds: 60 } })
    const race = () => Promise.all(Array.from({ length: 8 }, () => beginAlone(world, bot)))
    const reasons = (await race()).map(reasonOf)
    assert.equal(reasons.filter((reason) => reason === 'opened').length, 3)
    assert.equal(reasons.filter((reason) => reason === 'sponsor_grant.too_many').length, 5)
    parts.clock.advance(61_000)
    assert.equal(reasonOf(await beginAlone(world, bot)), 'opened')
  })

  test('is told of with its grant: how often, when last, when next, and why not', async (t) => {
    const { world, parts, bot } = await begin(t)
    const at = (time: number) => parts.clock.advance(time - parts.clock.now())
    const told = async () => {
      const grants = await listSponsorGrants(parts.storage.read, { agentId: bot.id, limit: 5 })
      const [shown] = await showSponsorships(parts, grants)
      const hours = (time: number | null | undefined) =>
        typeof time === 'number' ? (time - MONDAY) / HOUR : null
      return [
        shown?.opened,
        hours(shown?.lastOpenedAt),
        hours(shown?.nextOpeningAt),
        shown?.stoppedBy,
      ]
    }
    at(MONDAY - 1)
    await world.signIn('ada')
    const schedule = { days: ['mon'], from: '22:00', to: '02:00', zone: 'Europe/Berlin' } as const
    const grant = await sponsored(world, bot, {
      schedule,
      rate: { tasks: 2, seconds: 4 * 3600 },
      expiresAt: MONDAY + 8 * 24 * HOUR,
    })
    assert.deepEqual(await told(), [0, null, 21, null])
    at(MONDAY + 21 * HOUR)
    const helper = await addAgent(world, 'helper-bot')
    await child(world, await alone(world, bot), helper)
    assert.deepEqual(await told(), [1, 21, 21, null], 'what it hands on is not counted')
    at(MONDAY + 22 * HOUR)
    await alone(world, bot)
    assert.deepEqual(await told(), [2, 22, 7 * 24 + 21, null], 'full until the night is over')
    assert.equal(reasonOf(await beginAlone(world, bot)), 'sponsor_grant.too_many')
    await setOwner(parts, { agentId: bot.id, ownerId: world.finn.id, by: 'operator' })
    assert.deepEqual(await told(), [2, 22, null, 'sponsor'])
    await setOwner(parts, { agentId: bot.id, ownerId: world.ada.id, by: 'operator' })
    await suspendAgent(parts, { agentId: bot.id, by: 'operator', reason: 'test' })
    assert.deepEqual(await told(), [2, 22, null, 'agent'])
    await resumeAgent(parts, { agentId: bot.id, by: 'operator', reason: 'test' })
    at(MONDAY + 7 * 24 * HOUR + 22 * HOUR)
    assert.deepEqual(await told(), [2, 22, 7 * 24 + 22, null])
    at(MONDAY + 7 * 24 * HOUR + 23.5 * HOUR)
    await alone(world, bot)
    await alone(world, bot)
    assert.deepEqual((await told()).slice(2), [null, null], 'it ends before there is room')
    await endSponsorship(parts, { grantId: grant.id, by: world.ada.id })
    assert.deepEqual((await told()).slice(2), [null, null])
  })

  test('a grant that ends while tasks are opened leaves none of them alive', async (t) => {
    const { world, parts, bot } = await begin(t)
    const grant = await sponsored(world, bot)
    await Promise.all([
      ...Array.from({ length: 12 }, () => beginAlone(world, bot)),
      endSponsorship(parts, { grantId: grant.id, by: world.ada.id }),
      ...Array.from({ length: 12 }, () => beginAlone(world, bot)),
    ])
    assert.deepEqual(await listTasks(parts.storage.read, { state: 'open', limit: 50 }), [])
  })

  test('needs a sponsor who is there and answers for the agent', async (t) => {
    const { world, parts, bot } = await begin(t)
    await permitAll(world, world.ada)
    await sponsored(world, bot)
    const held = await alone(world, bot)
    const token = await world.token(held)
    await setOwner(parts, { agentId: bot.id, ownerId: world.finn.id, by: 'operator' })
    assert.equal(reasonOf(await beginAlone(world, bot)), 'sponsor_grant.not_in_force')
    // A task that runs stands still, with what it handed on, and goes on when the sponsor answers for the agent again.
    await assert.rejects(world.token(held), /sponsor_grant\.not_in_force/)
    await assert.rejects(
      ticketFor(world, held, { agent: bot.id }),
      (error) => error instanceof Problem && error.code === 'sponsor_grant.not_in_force',
    )
    assert.equal((await world.decide(held, token, READ)).outcome, 'deny')
    await setOwner(parts, { agentId: bot.id, ownerId: world.ada.id, by: 'operator' })
    assert.equal((await world.decide(held, await world.token(held), READ)).outcome, 'permit')
    await suspendPerson(parts, { personId: world.ada.id, by: 'operator', reason: 'test' })
    assert.equal(reasonOf(await beginAlone(world, bot)), 'person.suspended')
    assert.equal((await world.decide(held, token, READ)).outcome, 'deny')
  })

  test('is sponsored by who answers for the agent, within its ceiling, on terms that end', async (t) => {
    const { world, give } = await begin(t)
    const code = async (over: Partial<Sponsorship>) => {
      try {
        await give(over)
        return 'granted'
      } catch (error) {
        return error instanceof Problem ? error.code : 'failed'
      }
    }
    assert.equal(await code({ sponsor: world.sam }), 'sponsor_grant.not_permitted')
    assert.equal(await code({ details: [only('orders.nothing')] }), 'task.beyond_ceiling')
    assert.equal(await code({ purpose: '' }), 'task.bad_purpose')
    const bad = 'sponsor_grant.bad_terms'
    assert.equal(await code({ rate: undefined }), bad)
    assert.equal(await code({ rate: { tasks: 0, seconds: 60 } }), bad)
    assert.equal(await code({ rate: { tasks: 1.5, seconds: 60 } }), bad)
    assert.equal(await code({ expiresAt: world.parts.clock.now() }), bad)
    assert.equal(await code({ expiresAt: world.parts.clock.now() + 367 * 24 * HOUR }), bad)
    assert.equal(await code({ expiresAt: Number.NaN }), bad)
    assert.equal(await code({}), 'granted')
    const wide = await give({ details: [only('orders.read', 'orders.erase')] })
    assert.deepEqual(
      wide.details.flatMap(({ actions }) => actions),
      ['orders.read'],
    )
  })
})

function sponsorOf({ ada }: { readonly ada: { readonly id: string } }) {
  return { format: 'iss_sub', iss: ISSUER, sub: ada.id }
}
