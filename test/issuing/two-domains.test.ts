import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { asDelegates, type Detail } from '@remit/engine'
import { planImport } from '../../src/catalog/catalog/testing.ts'
import { applyImport, setRisk } from '../../src/catalog/catalog-changes/index.ts'
import { registerAgent, setCeiling } from '../../src/identity/agents/index.ts'
import { addIssuer, revokeIssuer } from '../../src/identity/issuers/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import { findTask } from '../../src/tasks/tasks/index.ts'
import {
  ACCESS_TOKEN,
  ID_TOKEN,
  JWT_BEARER,
  type OpenTask,
  TestAgent,
  TOKEN_EXCHANGE,
} from '../agent.ts'
import { spawn } from '../delegation.ts'
import { decode, newKey } from '../signing.ts'
import { until } from '../until.ts'
import { inEachWorld, World } from '../world.ts'

const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const RULES = `
@id("people") permit (principal is Person, action, resource);
@id("agents") permit (principal is Agent, action, resource);
`

/** The stock of the house: an API behind its gateway, and one that acme knows of. */
async function importStock(
  w: World,
  where: { mode: 'gateway' | 'direct'; identifier: string; upstream: string },
) {
  const { id: by } = await w.person('ada')
  const responses = { 200: { description: 'a list' } }
  const document = {
    openapi: '3.1.0',
    info: { title: 'Stock', version: '1' },
    paths: { '/things': { get: { operationId: 'list', responses } } },
  }
  const plan = planImport(document, { name: 'stock', ...where })
  await applyImport(w.rooms.connections, plan, by)
  for (const { name, risk } of plan.actions)
    await setRisk(w.rooms.connections, { action: name, risk, by })
  await publishPolicies(w.rooms.policy, { text: RULES, by, note: 'for a test' })
}

async function register(w: World, name: string, ceiling: readonly Detail[]): Promise<TestAgent> {
  const key = await newKey()
  const { id: ownerId } = await w.person('ada')
  const about = { name, description: '', ownerId, trust: 2, ceiling, by: ownerId } as const
  await registerAgent(w.rooms.agents, { ...about, keys: [key.publicJwk] })
  return new TestAgent(w, name, key)
}

inEachWorld('identity chaining between two Remits', (world) => {
  let acme: World
  let helper: TestAgent
  let theirs: TestAgent
  let stock: Detail

  before(async () => {
    const house = world()
    acme = await World.start(house.databaseUrl === undefined ? 'sqlite' : 'postgres')
    const identifier = `${house.gateway}/stock`
    const upstream = house.echo.origin
    await importStock(house, { mode: 'gateway', identifier, upstream })
    await importStock(acme, { mode: 'direct', identifier, upstream: identifier })
    stock = { type: 'remit_call', locations: [identifier], actions: ['stock.list'], bounds: [] }
    const [{ id: here }, { id: there }] = [await house.person('ada'), await acme.person('ada')]
    theirs = await register(house, 'acme-helper', [stock])
    await addIssuer(house.rooms.issuers, {
      ...{ name: 'acme', issuer: acme.issuer, uses: ['chaining'], trust: 2, ceiling: [stock] },
      ...{ ownerId: here, by: here, people: { admits: true, delegates: true } },
    })
    helper = await register(acme, 'helper', [stock])
    await setCeiling(acme.rooms.agents, { agentId: 'refund-bot', ceiling: [stock], by: there })
    const { id: personId } = await acme.person('sam')
    for (const agentId of ['refund-bot', 'helper'])
      await grantBasis(acme.rooms.decisions, {
        ...{ personId, agentId, kind: 'consent', grantedBy: personId },
        details: [stock, ...asDelegates([stock])],
      })
    await addIssuer(acme.rooms.issuers, {
      ...{ name: 'house', issuer: house.issuer, uses: ['peer'], trust: 2, ceiling: null },
      ...{ ownerId: there, by: there },
      peer: {
        resources: [identifier],
        clients: { helper: 'acme-helper', 'refund-bot': 'acme-helper' },
        details: true,
      },
    })
  })
  after(() => acme.stop())

  /** refund-bot opens a task for Sam, and its helper gets a grant for the house. */
  async function granted(): Promise<{ readonly child: OpenTask; readonly grant: string }> {
    const subjectToken = await acme.idToken()
    const parent = await acme.agent.open({ details: [stock], subjectToken })
    const child = await spawn(acme, [acme.agent, parent], helper, {
      authorization_details: [stock],
    })
    const { body, text } = await helper.tokenRequest(child.key, {
      ...{ grant_type: TOKEN_EXCHANGE, requested_token_type: JWT, client_id: child.id },
      ...{ subject_token: child.token, subject_token_type: ACCESS_TOKEN },
      audience: world().issuer,
    })
    assert.equal(body.token_type, 'N_A', text)
    return { child, grant: String(body.access_token) }
  }

  it('gives an agent one for the token of its person, by way of a task that has nothing else', async () => {
    const house = world()
    const { agent } = acme
    const subject_token = await acme.idToken()
    const key = await newKey()
    const ask = async (more: Record<string, string | undefined> = {}, with_ = key) =>
      agent.tokenRequest(with_, {
        ...{ grant_type: TOKEN_EXCHANGE, requested_token_type: JWT, subject_token },
        ...{ subject_token_type: ID_TOKEN, audience: house.issuer, scope: 'stock.list' },
        ...{ purpose: 'see what is there', client_assertion_type: JWT_BEARER },
        client_assertion: await agent.assertion(),
        ...more,
      })
    const publish = async (rule: string) => {
      const { id: by } = await acme.person('ada')
      await publishPolicies(acme.rooms.policy, { text: RULES + rule, by, note: 'for a test' })
    }
    for (const [more, code] of [
      [{ audience: 'https://as.example' }, 'resource.unknown'],
      [{ audience: acme.issuer }, 'resource.unknown'],
      [{ resource: acme.orders }, 'resource.unknown'],
      [{ scope: 'orders.read' }, 'task.resource_not_granted'],
      [{ scope: undefined }, 'task.resource_not_granted'],
      [{ client_assertion: undefined }, 'agent.unauthenticated'],
      [{ client_assertion: await helper.assertion() }, 'subject_token.not_for_agent'],
      [{ actor_token: 'x', actor_token_type: ID_TOKEN }, 'oauth.invalid_request'],
    ] as const) {
      const { status, body } = await ask(more)
      assert.ok(status >= 400 && body.code === code, JSON.stringify([more, body]))
    }
    for (const resource of ['stock', house.issuer]) {
      const at = `action == Action::"issue:jwt:token_exchange", resource == Resource::"${resource}"`
      await publish(`@id("none") forbid (principal is Person, ${at});`)
      assert.equal((await ask()).body.code, 'issuance.forbidden', resource)
    }
    await publish('')
    // Nothing of that used the token up, or the key.
    const { body, text } = await ask()
    assert.deepEqual([body.token_type, body.issued_token_type], ['N_A', JWT], text)
    const task = await findTask(acme.rooms.storage.read, String(body.task_id))
    assert.ok(task && task.deadline <= acme.clock.now() + 310_000)
    assert.deepEqual(task.details, [stock])
    assert.equal((await ask({}, await newKey())).body.code, 'subject_token.replayed')
    const said = decode(String(body.access_token)).claims
    assert.deepEqual(
      [said.aud, said.client_id, said.cnf],
      [...[house.issuer, 'acme-helper', { jkt: key.thumbprint }]],
    )
    const redeemed = await theirs.tokenRequest(key, {
      ...{ grant_type: GRANT, assertion: String(body.access_token) },
      ...{ client_assertion_type: JWT_BEARER, client_assertion: await theirs.assertion() },
    })
    // Both have an agent called refund-bot, and each is named with its issuer.
    assert.equal(redeemed.status, 200, redeemed.text)
    const issued = (await acme.ledger()).filter(({ task: id }) => id === task.id)
    assert.deepEqual(
      issued.map(({ type }) => type),
      ['task.opened', 'token.issued'],
    )
  })

  it('carries who acts for whom from one into the other, and ends where the trust ends', async () => {
    const house = world()
    const { child, grant } = await granted()
    const redeem = async (by: TestAgent, key = child.key, assertion = grant) =>
      by.tokenRequest(key, {
        ...{ grant_type: GRANT, assertion, client_assertion_type: JWT_BEARER },
        client_assertion: await by.assertion(),
      })
    assert.equal((await redeem(theirs, await newKey())).status, 400, 'for another key')
    assert.equal((await redeem(house.agent)).status, 400, 'for another client')
    // Both have an agent called refund-bot, and each is named with its issuer.
    const opened = await redeem(theirs)
    assert.equal(opened.status, 200, opened.text)
    const task = {
      id: String(opened.body.task_id),
      token: String(opened.body.access_token),
      key: child.key,
    }
    const of = (sub: string) => ({ iss: acme.issuer, sub, sub_profile: 'ai_agent' })
    const behind = { ...of('helper'), act: of('refund-bot') }
    assert.deepEqual(decode(grant).claims.act, behind)
    const ours = { iss: house.issuer, sub: 'acme-helper', sub_profile: 'ai_agent' }
    assert.deepEqual(decode(task.token).claims.act, { ...ours, act: behind })

    const { token } = task
    const call = () => theirs.call(task, 'GET', '/stock/things', { token })
    const answer = await call()
    assert.equal(answer.status, 200, answer.text)
    const records = (await house.ledger()).filter((record) => record.task === task.id)
    const begun = records.find(({ type }) => type === 'task.opened')
    assert.deepEqual(begun?.chain, ['acme-helper'])
    assert.deepEqual(Object(begun?.facts).actors, [of('helper'), of('refund-bot')])
    assert.ok(records.some(({ type }) => type === 'decision.intent'))
    const issued = (await acme.ledger()).find(
      ({ facts, task: id }) => id === child.id && Object(facts).peer === 'house',
    )
    assert.deepEqual([issued?.task, issued?.chain], [child.id, ['helper', 'refund-bot']])

    assert.equal((await redeem(theirs)).status, 400, 'once')
    const next = await granted()
    await revokeIssuer(house.rooms.issuers, { name: 'acme', by: 'operator', reason: 'test' })
    const { read } = house.rooms.storage
    const closedAt = async () => (await findTask(read, task.id))?.closedAt ?? undefined
    const refused = await call()
    // Its tasks are closed behind the answer; from then on the token counts no more.
    assert.equal(refused.status, (await closedAt()) && refused.status === 401 ? 401 : 403)
    await until(closedAt)
    assert.equal((await call()).status, 401)
    const late = await redeem(theirs, next.child.key, next.grant)
    assert.match(late.text, /issuer\.not_trusted/)
    assert.equal(
      (await findTask(acme.rooms.storage.read, child.id))?.state,
      'open',
      'theirs goes on',
    )
  })
})
