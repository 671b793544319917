import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { findRequest, listForApprover } from '../../approvals/access-requests/index.ts'
import {
  GATEWAY,
  newKey,
  ORDERS,
  REFUND_DESK,
  type TestKey,
  TOKEN_URL,
  type World,
  worldsOver,
} from '../../calls/calls/testing.ts'
import { fakeProvider } from '../../identity/identity-providers/testing.ts'
import { addIssuer } from '../../identity/issuers/index.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { listTasks } from '../../tasks/tasks/index.ts'
import { askDirectly } from '../grants/deferral/ask-directly.ts'
import { beginDevice, claimDevice } from '../grants/deferral/device.ts'
import { type Poll, pollDeferral } from '../grants/deferral/poll.ts'
import { DeferralWorld } from '../grants/deferral/testing.ts'
import type { OpeningAnswer } from '../grants/opening.ts'
import { openTask } from '../grants/openings/open-task.ts'
import {
  addAgent,
  only,
  permitAll,
  redemption,
  sponsored,
  type TestAgent,
  ticketFor,
} from '../grants/openings/testing.ts'
import { issueResourceToken } from './issue-resource-token.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const NO_MORE_THAN = 30 * MINUTE
const AGENTS = '@id("agents") permit (principal is Agent, action, resource);'

/** Finance is asked about these, for half an hour. */
function rule(...actions: readonly string[]): string {
  const names = actions.map((action) => `Action::"${action}"`).join(', ')
  return `@id("tokens-ask") @requestable("Somebody of finance looks at it.") @approvers("group:finance") @lifetime("PT30M")
    forbid (principal, action in [${names}], resource);`
}

function publish({ parts }: World, ...rules: readonly string[]) {
  const text = [REFUND_DESK, AGENTS, ...rules].join('\n')
  return publishPolicies(parts, { text, by: 'operator', note: 'test' })
}

/** A grant by which a task is opened. */
interface Row {
  readonly grant: string
  /** Asks for a task, with another wish each time. `defer`: the agent says that it can wait. */
  readonly ask: (defer: boolean, key: TestKey) => Promise<OpeningAnswer>
  /** Assertion with which its agent asks whether there is an answer. */
  readonly assertion: () => Promise<string>
}

const DEFER = { notificationToken: undefined }

/**
 * Lists all that open tasks, each by a grant of its own; made ready while nobody has to be asked.
 */
async function rowsOf(t: TestContext, world: World): Promise<readonly Row[]> {
  const parts = { ...world.parts, loopback: true }
  const { ada, sam } = world
  const [acme, platform] = [await fakeProvider(), await fakeProvider()]
  t.after(() => Promise.all([acme.close(), platform.close()]))
  const helper = await addAgent(world, 'helper')
  const night = await addAgent(world, 'night-bot')
  const desk = await addAgent(world, 'desk')
  const grant = await sponsored(world, night)
  await permitAll(world, sam, ada)
  const trust = { trust: 2, ceiling: null, ownerId: ada.id, by: ada.id } as const
  await addIssuer(parts, {
    ...{ name: 'acme', issuer: acme.issuer, uses: ['id_jag'], ...trust },
    people: { provider: world.provider.issuer, delegates: true },
  })
  const sponsor = { purpose: 'reads orders', tasks: 100, seconds: 3600, days: 30 }
  const admit = { trust: 2, ceiling: [only('orders.read')], owner: ada.id, sponsor }
  await addIssuer(parts, {
    ...{ name: 'platform', issuer: platform.issuer, uses: ['workload'], ...trust },
    rules: [{ name: 'all', when: [{ claim: 'sub', prefix: 'agent/' }], admit }],
  })
  const parent = await world.open()
  let count = 0
  const times = () => {
    const now = Math.floor(parts.clock.now() / 1000)
    return { iat: now, exp: now + 300, jti: `t${count++}` }
  }
  const shown = (key: TestKey) => ({
    assertionType: JWT_BEARER,
    proof: world.proof(key, { method: 'POST', url: TOKEN_URL }),
    method: 'POST',
    url: TOKEN_URL,
    origin: { ip: '192.0.2.7' },
  })
  const by = (agent: TestAgent) => world.assertion({ iss: agent.id, sub: agent.id }, agent.key)
  const lifeSeconds = () => 3000 + count++
  const workload = () =>
    platform.sign({ iss: platform.issuer, aud: parts.issuer, sub: 'agent/1', ...times() })
  await openTask(parts, 'workload', { ...shown(newKey()), assertion: await workload() })
  return [
    {
      grant: 'token_exchange',
      assertion: async () => world.assertion(),
      ask: async (defer, key) =>
        openTask(
          parts,
          'token_exchange',
          await world.opening(key, {
            lifeSeconds: lifeSeconds(),
            defer: defer ? DEFER : undefined,
          }),
        ),
    },
    {
      grant: 'client_credentials',
      assertion: async () => by(night),
      ask: (defer, key) =>
        openTask(parts, 'client_credentials', {
          ...{ ...shown(key), assertion: by(night), grantId: grant.id, lifeSeconds: lifeSeconds() },
          ...{ defer: defer ? DEFER : undefined },
        }),
    },
    {
      grant: 'jwt_bearer: ticket',
      assertion: async () => by(helper),
      ask: async (defer, key) => {
        const wish = { agent: helper.id, lifeSeconds: lifeSeconds() }
        const { token } = await ticketFor(world, parent, wish)
        const asked = redemption(world, helper, token, key)
        return openTask(parts, 'ticket', { ...asked, defer: defer ? DEFER : undefined })
      },
    },
    {
      grant: 'jwt_bearer: id_jag',
      assertion: async () => by(desk),
      ask: async (defer, key) => {
        const claims = { iss: acme.issuer, sub: 'sam', aud: parts.issuer, client_id: 'desk' }
        const said = { ...claims, ...times(), scope: 'orders.read' }
        const identity = await acme.sign(said, { typ: 'oauth-id-jag+jwt' })
        return openTask(parts, 'assertion', {
          ...{ ...shown(key), assertion: by(desk), use: 'id_jag', identity },
          ...{ lifeSeconds: lifeSeconds(), defer: defer ? DEFER : undefined },
        })
      },
    },
    {
      grant: 'jwt_bearer: workload',
      assertion: workload,
      ask: async (defer, key) =>
        openTask(parts, 'workload', {
          ...{ ...shown(key), assertion: await workload(), lifeSeconds: lifeSeconds() },
          ...{ defer: defer ? DEFER : undefined },
        }),
    },
  ]
}

forEachEngine('issuances that rules make wait for people', (open) => {
  const worlds = worldsOver(open)

  function askedOf({ finn, parts }: World) {
    return async () => (await listForApprover(parts, finn))[0]
  }
  const reasonOf = (answer: { readonly outcome: string; readonly reason?: string }) =>
    answer.reason ?? answer.outcome

  test('each grant that opens a task: refused, or put off, and opened once by exactly that approval', async (t) => {
    const world = await worlds.own(t)
    const { finn, parts, sam, ada } = world
    const rows = await rowsOf(t, world)
    const asked = askedOf(world)
    const tasks = async () => (await listTasks(parts.storage.read, { limit: 100 })).length
    await publish(
      world,
      rule(
        'issue:access_token:token_exchange',
        'issue:access_token:client_credentials',
        'issue:access_token:jwt_bearer',
      ),
    )
    const elsewhere = await world.opening(newKey(), { resource: `${GATEWAY}/crm`, defer: DEFER })
    const nothing = await openTask(parts, 'token_exchange', elsewhere)
    assert.equal(reasonOf(nothing), 'task.resource_not_granted')
    assert.equal(await asked(), undefined, 'nobody is asked about nothing')
    for (const { ask, assertion, grant } of rows) {
      const before = await tasks()
      const key = newKey()
      assert.equal(reasonOf(await ask(false, key)), 'issuance.approval_needed', grant)
      assert.equal(await asked(), undefined, grant)
      const held = await ask(true, key)
      assert.ok(held.outcome === 'deferred', `${grant} ${reasonOf(held)}`)
      assert.equal(held.page, undefined)
      const poll = async (code: string, by = key) =>
        pollDeferral({ ...parts, loopback: true } as typeof parts, {
          // as: as its rows have it
          ...{ assertion: await assertion(), assertionType: JWT_BEARER, flow: 'deferred', code },
          ...{ method: 'POST', url: TOKEN_URL, origin: { ip: '192.0.2.7' } },
          proof: world.proof(by, { method: 'POST', url: TOKEN_URL }),
        })
      const question = await asked()
      assert.ok(question, grant)
      assert.equal(question.action, `issue:access_token:${grant.split(':')[0]}`)
      for (const own of [sam, ada]) await assert.rejects(world.answer(question.id, own, 'approve'))
      assert.equal(reasonOf(await poll(held.code, newKey())), 'proof.wrong_key', grant)
      await world.answer(question.id, finn, 'approve')
      const opened = await poll(held.code)
      assert.ok(opened.outcome === 'opened', `${grant} ${reasonOf(opened)}`)
      const { task } = opened
      assert.equal(task.id, question.taskId)
      assert.deepEqual([task.agentId, opened.chain[0]], [question.agentId, question.agentId])
      assert.ok(task.deadline - parts.clock.now() <= NO_MORE_THAN, `${grant}: no longer than that`)
      // Its tokens are of that approval, too, whatever they are exchanged by.
      const token = await issueResourceToken(parts, world.exchange({ opened, key }))
      assert.equal(reasonOf(token), 'issued', grant)
      assert.equal(reasonOf(await poll(held.code)), 'deferral.used')
      assert.equal((await findRequest(parts, question.id))?.usesLeft, 0)
      parts.clock.advance(6_000)
      const second = newKey()
      const another = await ask(true, second)
      assert.ok(another.outcome === 'deferred', `${grant} ${reasonOf(another)}`)
      const other = await asked()
      assert.notEqual(other?.id, question.id, 'another question')
      await world.answer(other?.id ?? '', finn, 'deny')
      assert.equal(reasonOf(await poll(another.code, second)), 'deferral.denied', grant)
      assert.equal(await tasks(), before + 1, grant)
    }
  })

  test('an agent that asks a person, and a device: the person first, then the others', async (t) => {
    const world = await worlds.own(t)
    const { finn, parts, sam } = world
    const waiting = await DeferralWorld.in(world)
    const asked = askedOf(world)
    await publish(world, rule('issue:access_token:ciba', 'issue:access_token:device_code'))
    const wish = { details: [only('orders.read')], purpose: 'look at orders' }
    const shown = { ...waiting.presented(), proof: undefined, ...wish }
    const begun = {
      ciba: async () => {
        const answer = await askDirectly(parts, {
          ...{ ...shown, assertion: world.assertion(), waits: 600, message: undefined },
          ...{ hint: { kind: 'login_hint', value: sam.id }, notificationToken: undefined },
        })
        assert.ok(answer.outcome === 'asked', reasonOf(answer))
        return answer.held.code
      },
      device: async () => {
        const answer = await beginDevice(parts, { ...shown, assertion: world.assertion() })
        assert.ok(answer.outcome === 'begun', reasonOf(answer))
        await claimDevice(parts, { person: sam, typed: answer.userCode })
        return answer.held.code
      },
    }
    for (const flow of ['ciba', 'device'] as const) {
      const key = newKey()
      const code = await begun[flow]()
      const poll = (over: Partial<Poll> = {}) => {
        parts.clock.advance(6_000)
        return waiting.poll(code, { ...waiting.presented(key), flow, ...over })
      }
      await waiting.answer('grant')
      assert.equal(reasonOf(await poll()), 'waiting', flow)
      const question = await asked()
      assert.ok(question, flow)
      await world.answer(question.id, finn, 'approve')
      const opened = await poll()
      assert.ok(opened.outcome === 'opened', `${flow} ${reasonOf(opened)}`)
      assert.equal(opened.task.id, question.taskId)
      assert.ok(opened.task.deadline - parts.clock.now() <= NO_MORE_THAN)
      await waiting.endBases()
    }
  })

  test('a token of a task that is open: asked about as it is, and issued under that as long as it lasts', async (t) => {
    const world = await worlds.own(t)
    const { finn, parts } = world
    const asked = askedOf(world)
    const held = await world.open()
    await publish(world, rule('issue:access_token:token_exchange'))
    const exchange = (actions: string[]) =>
      issueResourceToken(
        parts,
        world.exchange(held, { resource: ORDERS, details: [only(...actions)] }),
      )
    const first = await exchange(['orders.read'])
    assert.equal(reasonOf(first), 'issuance.approval_pending')
    const question = await asked()
    assert.ok(question)
    assert.equal(question.taskId, held.opened.task.id)
    assert.ok(first.outcome === 'refused')
    assert.equal(Object(first.members?.access_request).id, question.id)
    const again = await exchange(['orders.read'])
    assert.ok(again.outcome === 'refused')
    assert.equal(Object(again.members?.access_request).id, question.id, 'the same question')
    await world.answer(question.id, finn, 'approve')
    parts.clock.advance(NO_MORE_THAN - 2 * MINUTE)
    const race = await Promise.all(Array.from({ length: 64 }, () => exchange(['orders.read'])))
    const issued = race.filter(({ outcome }) => outcome === 'issued')
    assert.ok(issued.length > 0)
    for (const one of race) assert.match(reasonOf(one), /^(issued|token\.stale)$/)
    const used = (await parts.recorded()).filter(({ type }) => type === 'approval.used')
    assert.equal(used.length, 1)
    const lasting = await exchange(['orders.read'])
    assert.ok(lasting.outcome === 'issued', reasonOf(lasting))
    assert.ok(lasting.token.expiresIn <= 120, 'no token outlives its approval')
    const other = await exchange(['orders.read', 'orders.list'])
    assert.equal(reasonOf(other), 'issuance.approval_pending', 'of nothing else')
    parts.clock.advance(3 * MINUTE)
    assert.equal(reasonOf(await exchange(['orders.read'])), 'issuance.approval_pending', 'it ended')
    const third = await asked()
    await world.answer(third?.id ?? '', finn, 'deny')
    const [denied, pending] = [
      await exchange(['orders.read']),
      await exchange(['orders.read', 'orders.list']),
    ]
    assert.deepEqual([reasonOf(denied), reasonOf(pending)].sort(), [
      'approval.denied',
      'issuance.approval_pending',
    ])
  })
})
