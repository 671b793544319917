import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Detail } from '@remit/engine'
import { decideCall } from '../../calls/calls/decide-call.ts'
import { mayContinue } from '../../calls/calls/still-live.ts'
import {
  ALL_OF_ORDERS,
  decisionPoints,
  GATEWAY,
  type HeldTask,
  ISSUER,
  newKey,
  ORDERS,
  READ,
  riskBooks,
  TOKEN_URL,
  worldsOver,
} from '../../calls/calls/testing.ts'
import { Catalog } from '../../catalog/catalog/index.ts'
import { setCeiling } from '../../identity/agents/index.ts'
import { IssuerTrust } from '../../identity/issuers/index.ts'
import { checkResourceToken, rotateKey, withdrawKey } from '../../identity/tokens/index.ts'
import { outbound } from '../../platform/net/index.ts'
import { Live } from '../../platform/revocation/index.ts'
import { forEachEngine, timedBy } from '../../platform/storage/testing.ts'
import { Policies } from '../../policy/policy/index.ts'
import { Facts } from '../../tasks/facts/facts.ts'
import { closeTask } from '../../tasks/tasks/index.ts'
import {
  type IssuedToken,
  issueResourceToken,
  type ResourceTokenRequest,
} from './issue-resource-token.ts'
import type { GrantRefusal } from './refusal.ts'
import { requireTask } from './require-task.ts'

const only = (...actions: string[]): Detail => ({ ...ALL_OF_ORDERS, actions })
const reasonOf = (answer: IssuedToken | GrantRefusal) =>
  answer.outcome === 'refused' ? answer.reason : answer.outcome

forEachEngine('a task token', (open) => {
  const worlds = worldsOver(open)

  /** Begins with a held task; give the test when it changes more than its own task. */
  async function begin(t?: TestContext) {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    const { parts } = world
    const exchange = (over: Partial<ResourceTokenRequest> = {}, of: HeldTask = held) =>
      issueResourceToken(parts, world.exchange(of, over))
    return { world, held, parts, exchange }
  }

  test('is exchanged for a short token of one resource, bound to the same key', async () => {
    const { exchange, held, parts, world } = await begin()
    const issued = await exchange()
    assert.ok(issued.outcome === 'issued')
    const own = { issuer: ISSUER, keys: parts.keys, clock: parts.clock }
    const claims = await checkResourceToken(issued.token.token, ORDERS, own)
    assert.equal(claims.exp - claims.iat, 300)
    assert.deepEqual(claims.cnf, { jkt: held.opened.task.keyThumbprint })
    assert.deepEqual(claims.authorization_details, held.opened.details)
    assert.equal(claims.sub, world.sam.id)
    const issues = (await parts.recorded()).filter(({ type }) => type === 'token.issued')
    assert.equal(issues.at(-1)?.task, held.opened.task.id)
  })

  test('gives what was asked for, within the task', async () => {
    const { exchange } = await begin()
    const issued = await exchange({ details: [only('orders.read')] })
    assert.ok(issued.outcome === 'issued')
    assert.deepEqual(
      issued.details.flatMap(({ actions }) => actions),
      ['orders.read'],
    )
    const byScope = await exchange({ scope: 'orders.list orders.read' })
    assert.ok(byScope.outcome === 'issued')
    assert.equal(byScope.scope, 'orders.list orders.read')
    assert.equal(
      reasonOf(await exchange({ details: [only('orders.delete')] })),
      'task.resource_not_granted',
    )
    const elsewhere = { ...ALL_OF_ORDERS, locations: [`${GATEWAY}/crm`] }
    assert.equal(reasonOf(await exchange({ details: [elsewhere] })), 'task.resource_not_granted')
    assert.equal(reasonOf(await exchange({ details: [{ type: 'x' }] })), 'task.bad_details')
  })

  test('M5: says what was asked for and is not in the task, and gives nothing less where all is needed', async () => {
    const { exchange } = await begin()
    const asked = [only('orders.read', 'orders.delete')]
    const less = await exchange({ details: asked })
    assert.ok(less.outcome === 'issued')
    assert.deepEqual(
      less.missing?.map(({ actions, locations }) => [locations, actions]),
      [[[ORDERS], ['orders.delete']]],
    )
    const refusal = await exchange({ details: asked, requireAll: true })
    assert.ok(refusal.outcome === 'refused')
    assert.equal(refusal.reason, 'grant.incomplete')
    assert.deepEqual(refusal.members, { missing_authorization_details: less.missing })
    const nothing = await exchange({ details: [only('orders.delete')] })
    assert.ok(nothing.outcome === 'refused')
    assert.deepEqual(nothing.members, { missing_authorization_details: less.missing })
    // Whatever there is, what a scope says without bounds, and what is there, is all that was asked for.
    for (const over of [
      {},
      { scope: 'orders.read orders.list' },
      { details: [only('orders.read')] },
    ]) {
      const all = await exchange({ ...over, requireAll: true })
      assert.ok(all.outcome === 'issued')
      assert.equal(all.missing, undefined)
    }
  })

  test('never gives more than the agent may have by now', async (t) => {
    const { exchange, parts } = await begin(t)
    await setCeiling(parts, {
      agentId: 'refund-bot',
      ceiling: [only('orders.read')],
      by: 'operator',
    })
    const issued = await exchange()
    assert.ok(issued.outcome === 'issued')
    assert.deepEqual(
      issued.details.flatMap(({ actions }) => actions),
      ['orders.read'],
    )
  })

  test('does not outlive the task', async () => {
    const { exchange, held, parts } = await begin()
    parts.clock.advance(3_600_000 - 60_000)
    const issued = await exchange()
    assert.ok(issued.outcome === 'issued')
    assert.equal(issued.token.expiresIn, 60)
    parts.clock.advance(60_000)
    assert.equal(reasonOf(await exchange()), 'token.expired')
    assert.ok(held)
  })

  test('is refused with another key, client, resource or token', async () => {
    const { exchange, held, world } = await begin()
    const other = await world.open()
    const foreign = world.proof(newKey(), { method: 'POST', url: TOKEN_URL })
    const refusals: [Partial<ResourceTokenRequest>, string][] = [
      [{ proof: undefined }, 'proof.missing'],
      [{ proof: foreign }, 'proof.wrong_key'],
      [{ clientId: other.opened.task.id }, 'token.unknown_task'],
      [{ token: other.opened.token.token }, 'proof.wrong_key'],
      [{ resource: `${GATEWAY}/crm` }, 'resource.unknown'],
      [{ resource: `${ORDERS}/` }, 'resource.unknown'],
      [{ token: await world.token(held) }, 'token.wrong_audience'],
    ]
    for (const [over, reason] of refusals) assert.equal(reasonOf(await exchange(over)), reason)
    const subject = await exchange({ token: await world.subjectToken() })
    assert.match(reasonOf(subject), /^token\./)
  })

  test('a proof is good for one exchange, and for one path', async () => {
    const { held, parts, world } = await begin()
    const asked = world.exchange(held)
    const all = await Promise.all(
      Array.from({ length: 16 }, () => issueResourceToken(parts, asked)),
    )
    assert.equal(all.filter(({ outcome }) => outcome === 'issued').length, 1)
    assert.equal(all.filter((each) => reasonOf(each) === 'proof.replayed').length, 15)
  })

  test('of a closed task gives nothing', async () => {
    const { exchange, held, parts } = await begin()
    await closeTask(parts, { taskId: held.opened.task.id, by: 'x', reason: 'person' })
    assert.equal(reasonOf(await exchange()), 'task.closed')
    const refused = (await parts.recorded()).filter(
      ({ task, type }) => type === 'token.refused' && task === held.opened.task.id,
    )
    assert.deepEqual(
      refused.map(({ reason }) => reason),
      ['task.closed'],
    )
  })

  test('closed while the token was made: no token is given out', async () => {
    const { held, parts, world } = await begin()
    const racing = {
      ...parts,
      storage: {
        ...parts.storage,
        read: parts.storage.read,
        transaction: parts.storage.transaction.bind(parts.storage),
        commit: async (steps: Parameters<typeof parts.storage.commit>[0]) => {
          const done = await parts.storage.commit(steps)
          await closeTask(parts, { taskId: held.opened.task.id, by: 'x', reason: 'person' })
          return done
        },
      },
    }
    assert.equal(reasonOf(await issueResourceToken(racing, world.exchange(held))), 'token.stale')
  })

  test('speaks for its task at Remit, with a proof that names it', async () => {
    const { held, parts, world } = await begin()
    const url = `${ISSUER}/v1/tasks/${held.opened.task.id}`
    const { token } = held.opened.token
    const speak = (over: object = {}, key = held.key) =>
      requireTask(parts, {
        token,
        scheme: 'DPoP',
        proof: world.proof(key, { method: 'GET', url, token }),
        method: 'GET',
        url,
        ...over,
      })
    assert.equal((await speak()).id, held.opened.task.id)
    const once = world.proof(held.key, { method: 'GET', url, token })
    await speak({ proof: once })
    await assert.rejects(speak({ proof: once }), { code: 'proof.replayed' })
    await assert.rejects(speak({}, newKey()), { code: 'proof.wrong_key' })
    await assert.rejects(speak({ scheme: 'Bearer' }), { code: 'token.wrong_scheme' })
    await assert.rejects(speak({ token: undefined }), { code: 'token.missing' })
    const unbound = world.proof(held.key, { method: 'GET', url })
    await assert.rejects(speak({ proof: unbound }), { code: 'proof.wrong_token' })
    const resource = await world.token(held)
    const forIt = world.proof(held.key, { method: 'GET', url, token: resource })
    await assert.rejects(speak({ token: resource, proof: forIt }), { code: 'token.wrong_audience' })
    await closeTask(parts, { taskId: held.opened.task.id, by: 'x', reason: 'person' })
    await assert.rejects(speak(), { code: 'task.closed' })
  })

  test('is dead with its resource tokens once the key that signed them is withdrawn, also where the keys were not read again', async (t) => {
    const { held, parts, world } = await begin(t)
    const { clock, keys, live, master, random, storage } = parts
    const resourceToken = await world.token(held)
    // Another replica: its own lease and facts, and the keys as they were. It has all of this in its cache.
    const old = keys.tokens
    const oldKey = keys.find(old.kid)
    const elsewhere = new Live({ storage: timedBy(storage, clock), clock, random })
    await elsewhere.start()
    t.after(() => elsewhere.stop())
    const catalog = new Catalog({ storage, live: elsewhere })
    const issuers = new IssuerTrust({ storage, clock, live: elsewhere }, outbound)
    const there = {
      ...parts,
      live: elsewhere,
      catalog,
      issuers,
      policies: new Policies({ storage, live: elsewhere, catalog }),
      facts: new Facts({ storage, live: elsewhere, catalog, issuers }),
      risk: riskBooks(parts, elsewhere),
      points: decisionPoints({ ...parts, live: elsewhere }),
      keys: { tokens: old, find: (kid?: string) => (kid === old.kid ? oldKey : keys.find(kid)) },
    }
    const call = () => world.call(held, resourceToken, READ)
    const about = () => {
      const { token } = held.opened.token
      const url = `${ISSUER}/v1/tasks/${held.opened.task.id}`
      const proof = world.proof(held.key, { method: 'GET', url, token })
      return { token, scheme: 'DPoP' as const, proof, method: 'GET', url }
    }
    const permitted = await decideCall(there, await call())
    assert.ok(permitted.outcome === 'permit', JSON.stringify(permitted))
    assert.ok(mayContinue(there, permitted))
    assert.equal((await issueResourceToken(there, world.exchange(held))).outcome, 'issued')
    await requireTask(there, about())

    await withdrawKey(
      { storage, clock, live, keys, master, random, ledger: parts.ledger },
      { kid: old.kid, by: 'psn_admin', reason: 'stolen' },
    )
    for (const replica of [parts, there]) {
      const refused = await decideCall(replica, await call())
      assert.ok(refused.outcome === 'deny', JSON.stringify(refused))
      assert.equal(refused.reason, 'token.unknown_key')
      assert.equal(
        reasonOf(await issueResourceToken(replica, world.exchange(held))),
        'token.unknown_key',
      )
      await assert.rejects(requireTask(replica, about()), { code: 'token.unknown_key' })
    }
    assert.equal(mayContinue(there, permitted), false, 'what runs is cut')

    const next = await world.open()
    const answer = await world.decide(next, await world.token(next), READ)
    assert.equal(answer.outcome, 'permit', 'the new key signs')
    const recorded = (await parts.recorded()).find(({ type }) => type === 'key.withdrawn')
    assert.equal(recorded?.by, 'psn_admin')
  })

  test('stays good through a rotation', async (t) => {
    const { exchange, held, parts, world } = await begin(t)
    const { clock, keys, ledger, live, master, random, storage } = parts
    const { signsFrom } = await rotateKey(
      { storage, clock, live, keys, master, random, ledger },
      { by: 'psn_admin' },
    )
    clock.advance(signsFrom - clock.now())
    await keys.refresh()
    assert.equal((await exchange()).outcome, 'issued')
    assert.equal((await world.decide(held, await world.token(held), READ)).outcome, 'permit')
  })
})
