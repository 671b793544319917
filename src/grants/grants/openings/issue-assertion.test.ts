import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  type HeldTask,
  newKey,
  ORDERS,
  REFUND_DESK,
  TOKEN_URL,
  worldsOver,
} from '../../../calls/calls/testing.ts'
import { addIssuer, revokeIssuer } from '../../../identity/issuers/index.ts'
import { readCompact, readObject } from '../../../platform/jose/index.ts'
import { consumeOnceStep, Guard, type Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { closeTask, findTask, listTasks } from '../../../tasks/tasks/index.ts'
import { type AssertionRequest, issueAssertion } from './issue-assertion.ts'
import { issueForSubject } from './issue-for-subject.ts'
import { addAgent, child, only, refundsUpTo } from './testing.ts'

const PEER = 'https://as.partner.example'

forEachEngine('assertions for the servers of other domains', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext, peer: object = {}) {
    const world = await worlds.own(t)
    const parts = { ...world.parts, loopback: true }
    await addIssuer(parts, {
      ...{ name: 'partner', issuer: PEER, uses: ['peer'], trust: 2, ceiling: null },
      ...{ ownerId: world.ada.id, by: world.ada.id },
      peer: { resources: [ORDERS], clients: { 'refund-bot': 'bot-over-there' }, ...peer },
    })
    const request = (held: HeldTask, more: Partial<AssertionRequest> = {}): AssertionRequest => ({
      token: held.opened.token.token,
      clientId: held.opened.task.id,
      proof: world.proof(held.key, { method: 'POST', url: TOKEN_URL }),
      ...{ method: 'POST', url: TOKEN_URL, origin: { ip: '192.0.2.7' } },
      ...({ kind: 'id_jag', audience: PEER } as const),
      ...more,
    })
    const issue = (held: HeldTask, more: Partial<AssertionRequest> = {}) =>
      issueAssertion(parts, request(held, more))
    const said = async (held: HeldTask, more: Partial<AssertionRequest> = {}) => {
      const answer = await issue(held, more)
      return answer.outcome === 'refused' ? answer.reason : answer.outcome
    }
    return { world, parts, request, issue, said }
  }

  function read(token: string) {
    const { header, payload } = readCompact(token)
    return { header, claims: readObject(payload, 'claims set') }
  }

  test('say who, for whom, at which one server and resource, for the key of the task', async (t) => {
    const { issue, world } = await begin(t)
    const held = await world.open()
    const answer = await issue(held, { scope: 'orders.read orders.list' })
    if (answer.outcome === 'refused') throw new Error(answer.reason)
    const { claims, header } = read(answer.token.token)
    assert.equal(header.typ, 'oauth-id-jag+jwt')
    const { exp, iat, jti, ...rest } = claims
    assert.deepEqual([Number(exp) - Number(iat), typeof jti], [300, 'string'])
    assert.deepEqual(rest, {
      ...{ iss: world.parts.issuer, aud: PEER, client_id: 'bot-over-there' },
      ...{ sub: world.sam.id, sub_profile: 'user', resource: ORDERS },
      act: { iss: world.parts.issuer, sub: 'refund-bot', sub_profile: 'ai_agent' },
      scope: 'orders.read orders.list',
      cnf: { jkt: held.opened.task.keyThumbprint },
    })
    assert.equal(answer.scope, 'orders.read orders.list')
    const chained = await issue(held, { kind: 'jwt' })
    if (chained.outcome === 'refused') throw new Error(chained.reason)
    assert.equal(read(chained.token.token).header.typ, 'JWT')
  })

  test('never more than the task, and no bounds are lost', async (t) => {
    const { issue, said, world } = await begin(t)
    const bounded = await world.open({ details: [only('orders.read'), refundsUpTo('50')] })
    const scopes = await issue(bounded)
    assert.ok(scopes.outcome === 'issued')
    assert.equal(scopes.scope, 'orders.read')
    assert.deepEqual(scopes.missing, [refundsUpTo('50')], 'M5: a scope has no bounds')
    const more = await issue(bounded, { scope: 'orders.read orders.list' })
    assert.ok(more.outcome === 'issued')
    assert.deepEqual(
      more.missing?.flatMap(({ actions }) => actions),
      ['orders.list'],
    )
    assert.equal(await said(bounded, { scope: 'orders.refund' }), 'task.resource_not_granted')
    assert.equal(await said(bounded, { scope: 'orders.list' }), 'task.resource_not_granted')
    const rich = await begin(t, { details: true })
    const other = await rich.world.open({ details: [refundsUpTo('50')] })
    const answer = await rich.issue(other)
    assert.ok(answer.outcome === 'issued')
    const { claims } = read(answer.token.token)
    assert.deepEqual(claims.authorization_details, [refundsUpTo('50')])
    assert.equal(answer.missing, undefined)
    assert.equal(claims.scope, undefined)
  })

  test('the chain stands in it, and only a client over there gets one', async (t) => {
    const { issue, said, world } = await begin(t, { clients: { helper: 'h' } })
    const held = await world.open()
    assert.equal(await said(held), 'issuance.forbidden')
    const helper = await addAgent(world, 'helper')
    const below = await child(world, held, helper)
    const answer = await issue(below)
    assert.ok(answer.outcome === 'issued')
    const iss = world.parts.issuer
    assert.deepEqual(read(answer.token.token).claims.act, {
      ...{ iss, sub: 'helper', sub_profile: 'ai_agent' },
      act: { iss, sub: 'refund-bot', sub_profile: 'ai_agent' },
    })
  })

  test('what is refused', async (t) => {
    const { parts, request, said, world } = await begin(t)
    const held = await world.open()
    assert.equal(await said(held, { audience: parts.issuer }), 'resource.unknown')
    assert.equal(await said(held, { audience: 'https://as.example' }), 'resource.unknown')
    assert.equal(await said(held, { resource: `${ORDERS}/x` }), 'resource.unknown')
    assert.equal(await said(held, { clientId: 'tsk_other' }), 'token.unknown_task')
    const other = await world.open()
    const stolen = { token: other.opened.token.token, clientId: other.opened.task.id }
    assert.equal(await said(held, stolen), 'proof.wrong_key')
    const once = request(held)
    assert.equal((await issueAssertion(parts, once)).outcome, 'issued')
    const twice = await issueAssertion(parts, once)
    assert.equal(twice.outcome === 'refused' && twice.reason, 'proof.replayed')
    await closeTask(parts, { taskId: held.opened.task.id, by: 'operator', reason: 'test' })
    assert.notEqual(await said(held), 'issued')
    assert.equal(await said(other), 'issued')
    await revokeIssuer(parts, { name: 'partner', by: 'operator', reason: 'test' })
    assert.equal(await said(other), 'resource.unknown')
  })

  test('for a token of a person: what people answered counts once, and without it the task is over', async (t) => {
    const { parts, world } = await begin(t)
    const asked = async () => ({
      ...(await world.opening(newKey(), { details: [only('orders.read')], resource: ORDERS })),
      ...({ kind: 'id_jag', audience: PEER } as const),
    })
    const types = async () => {
      await parts.ledger.sequence()
      const records = await parts.ledger.records(0, 1000)
      return records.map(({ record }) => JSON.parse(record).type)
    }
    const issued = await issueForSubject(parts, await asked())
    assert.ok(issued.outcome === 'issued')
    assert.equal((await findTask(parts.storage.read, issued.taskId))?.state, 'open')
    assert.equal((await types()).filter((type) => type === 'token.issued').length, 1)

    // Another request uses the answer up, in the moment between the last look and the commit.
    const { storage } = parts
    const answer = { kind: 'test answer', key: 'one', expiresAt: parts.clock.now() + 60_000 }
    const use = () => consumeOnceStep(storage.read, new Guard('unused answer'), answer)
    assert.ok((await storage.commit([use()])).committed)
    let commits = 0
    const commit: Storage['commit'] = (steps) =>
      storage.commit(++commits === 1 ? steps : [...steps, use()])
    const late = await issueForSubject({ ...parts, storage: { ...storage, commit } }, await asked())
    assert.equal(commits, 2)
    assert.equal(late.outcome === 'refused' && late.reason, 'token.stale')
    assert.equal((await types()).filter((type) => type === 'token.issued').length, 1)
    const tasks = await listTasks(storage.read, { personId: world.sam.id, limit: 9 })
    const others = tasks.filter(({ id }) => id !== issued.taskId)
    assert.deepEqual(
      others.map(({ closeReason, state }) => [state, closeReason]),
      [['closed', 'overtaken']],
    )
  })

  test('policies at both levels', async (t) => {
    const { parts, said, world } = await begin(t)
    const held = await world.open()
    const publish = (rule: string) =>
      publishPolicies(parts, { text: `${REFUND_DESK}\n${rule}`, by: 'operator', note: 'test' })
    const forbid = (action: string) =>
      `@id("no") forbid (principal, action == Action::"${action}", resource);`
    await publish(forbid('issue:id_jag:token_exchange'))
    assert.equal(await said(held), 'issuance.forbidden')
    assert.equal(await said(held, { kind: 'jwt' }), 'issued')
    await publish(forbid('issue:jwt:token_exchange'))
    assert.equal(await said(held), 'issued')
    assert.equal(await said(held, { kind: 'jwt' }), 'issuance.forbidden')
  })
})
