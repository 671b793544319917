import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { READ, worldsOver } from '../../../calls/calls/testing.ts'
import { addIssuer, revokeIssuer, suspendIssuer } from '../../../identity/issuers/index.ts'
import type { IssuerDescription } from '../../../identity/issuers/read-issuer.ts'
import { readCompact, readObject } from '../../../platform/jose/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { findConsent } from '../../../tasks/consent/index.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { assertedWorld, outcomeOf } from '../foreign-tokens/testing.ts'
import { openTask } from '../openings/open-task.ts'
import { addAgent, child, handOn, only } from '../openings/testing.ts'

const ELSEWHERE = 'https://agents.example'

forEachEngine('agents of other organizations that acted before ours', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext, over: Partial<IssuerDescription> = {}) {
    const made = await assertedWorld(t, await worlds.own(t), over)
    const { ada } = made.world
    /** Another one that is trusted, with something else. */
    const trust = (name: string, more: Partial<IssuerDescription> = {}) =>
      addIssuer(made.parts, {
        ...{ name, issuer: ELSEWHERE, uses: ['workload'], trust: 1, ceiling: null },
        ...{ ownerId: ada.id, by: ada.id, keys: { jwks_uri: `${ELSEWHERE}/keys` }, ...more },
      })
    const theirs = (sub: string, more: object = {}) => ({ iss: made.acme.issuer, sub, ...more })
    const why = async (act: unknown) => made.reason({ identity: await made.jag({ act }) })
    return { ...made, trust, theirs, why }
  }

  const claimsOf = (token: string) => readObject(readCompact(token).payload, 'claims set')

  test('stand in every token behind ours, word for word, and in the books', async (t) => {
    const { held, jag, parts, theirs, trust, world } = await begin(t)
    await trust('agents')
    const planner = { iss: ELSEWHERE, sub: 'planner/7', sub_profile: 'service ai_agent' }
    const act = theirs('their-desk', { sub_profile: 'ai_agent', act: planner })
    const details = [handOn('orders.read')]
    const identity = await jag({ act, authorization_details: details })
    const one = await held({ identity })
    const { task } = one.opened
    assert.deepEqual(task.actors, [theirs('their-desk', { sub_profile: 'ai_agent' }), planner])
    assert.deepEqual(task.issuers, ['acme', 'agents'])
    assert.deepEqual(await findTask(parts.storage.read, task.id), task)
    const desk = { iss: parts.issuer, sub: 'desk', sub_profile: 'ai_agent' }
    assert.deepEqual(claimsOf(one.opened.token.token).act, { ...desk, act })
    const resource = await world.token(one)
    assert.deepEqual(claimsOf(resource).act, { ...desk, act })
    const permitted = await world.decide(one, resource, READ)
    assert.ok(permitted.outcome === 'permit')
    assert.deepEqual(permitted.transactionClaims.parties.actors, task.actors)
    await parts.ledger.sequence()
    const records = (await parts.ledger.records(0, 1000)).map(({ record }) => JSON.parse(record))
    const opened = records.find(({ task: id, type }) => type === 'task.opened' && id === task.id)
    assert.deepEqual([opened.chain, opened.facts.actors], [['desk'], task.actors])
    // A task below has them too, behind its own chain, and there is no room for a sixth.
    const below = await child(world, one, await addAgent(world, 'helper'))
    const inner = { iss: parts.issuer, sub: 'helper', sub_profile: 'ai_agent' }
    assert.deepEqual(claimsOf(below.opened.token.token).act, { ...inner, act: { ...desk, act } })
    const last = await child(world, below, await addAgent(world, 'third'))
    await assert.rejects(child(world, last, await addAgent(world, 'fourth')), /task\.too_deep/)
    // Whoever stood for one of them is needed as long as the task lasts.
    await suspendIssuer(parts, { name: 'agents', by: 'operator', reason: 'test' })
    assert.equal((await world.decide(one, resource, READ)).outcome, 'deny')
    await revokeIssuer(parts, { name: 'agents', by: 'operator', reason: 'test' })
    assert.notEqual((await findTask(parts.storage.read, task.id))?.state, undefined)
    assert.equal(
      (await world.decide(one, await world.token(one).catch(() => resource), READ)).outcome,
      'deny',
    )
  })

  test('five at most, ours among them; no chain is cut', async (t) => {
    const { theirs, why } = await begin(t)
    const chain = (length: number) =>
      Array.from({ length }, (_, i) => `a${i}`).reduce<object | undefined>(
        (act, sub) => theirs(sub, act && { act }),
        undefined,
      )
    assert.equal(await why(chain(4)), 'opened')
    for (const length of [5, 6, 40]) assert.equal(await why(chain(length)), 'token.chain_too_deep')
  })

  test('whoever cannot be said word for word, or is there twice, is refused', async (t) => {
    const { theirs, why } = await begin(t)
    const wrong: Record<string, unknown> = {
      'a text': 'x',
      'a list': [theirs('x')],
      nothing: null,
      'no issuer': { sub: 'x' },
      'no subject': { iss: theirs('x').iss },
      'an empty subject': theirs(''),
      'a subject that is a number': { ...theirs('x'), sub: 7 },
      'a subject with what nobody sees': theirs('x\u202e'),
      'a subject that is too long': theirs('x'.repeat(513)),
      'another member': theirs('x', { cnf: { jkt: 'k' } }),
      'what a client is': theirs('x', { client_profile: 'service' }),
      'a profile that is a list': theirs('x', { sub_profile: ['ai_agent'] }),
      'a person': theirs('x', { sub_profile: 'user' }),
      'a person among others': theirs('x', { sub_profile: 'service user' }),
      'twice the same': theirs('x', { act: theirs('y', { act: theirs('x') }) }),
      'something behind': theirs('x', { act: 'y' }),
    }
    for (const [name, act] of Object.entries(wrong))
      assert.equal(await why(act), 'token.malformed', name)
    assert.equal(await why(theirs('x', { act: theirs('y') })), 'opened')
  })

  test('each is of an issuer that is trusted, in force, and alone', async (t) => {
    const { parts, theirs, trust, why } = await begin(t)
    const other = { iss: ELSEWHERE, sub: 'agents/7' }
    for (const act of [other, theirs('x', { act: other })])
      assert.equal(await why(act), 'actor.not_trusted')
    const { name } = await trust('agents', { subjectPrefix: 'agents/' })
    assert.equal(await why(other), 'opened')
    assert.equal(await why({ ...other, sub: 'people/7' }), 'actor.not_trusted')
    for (const iss of [`${ELSEWHERE}/`, ELSEWHERE.toUpperCase(), 'spiffe://agents.example'])
      assert.equal(await why({ ...other, iss }), 'actor.not_trusted')
    await suspendIssuer(parts, { name, by: 'operator', reason: 'test' })
    assert.equal(await why(other), 'issuer.suspended')
    await revokeIssuer(parts, { name, by: 'operator', reason: 'test' })
    assert.equal(await why(other), 'actor.not_trusted')
    // One of several customers of an issuer, and nobody knows of which.
    await trust('tenant', { tenant: { claim: 'org', value: 'ours' } })
    assert.equal(await why(other), 'actor.not_trusted')
    // What only takes assertions of ours says nothing about anybody.
    const peer = { peer: { resources: ['https://x.example'] } }
    await trust('server', { issuer: 'https://as.example', uses: ['peer'], ...peer })
    assert.equal(await why({ iss: 'https://as.example', sub: 'x' }), 'actor.not_trusted')
    await trust('mesh', { issuer: 'spiffe://mesh.example', keys: { spiffe_bundle: ELSEWHERE } })
    const mesh = { iss: 'spiffe://mesh.example', sub: 'spiffe://mesh.example/ns/a' }
    assert.equal(await why(mesh), 'opened')
    assert.equal(await why({ ...mesh, sub: 'spiffe://mesh.example.org/ns/a' }), 'actor.not_trusted')
  })

  test('X2: nobody passes for one of ours', async (t) => {
    const { parts, theirs, why, world } = await begin(t)
    const act = { iss: parts.issuer, sub: 'refund-bot', sub_profile: 'ai_agent' }
    for (const bold of [act, theirs('x', { act }), theirs(world.sam.id)])
      assert.equal(await why(bold), 'actor.impostor')
    // Two organizations may have an agent of one name: an actor is never named without its issuer.
    for (const name of ['desk', 'refund-bot'])
      assert.equal(await why(theirs('x', { act: theirs(name) })), 'opened')
  })

  test('rules see whose they are, and take none of them for an agent', async (t) => {
    const { held, jag, parts, theirs, world } = await begin(t)
    const led = await held({ identity: await jag({ act: theirs('planner') }) })
    const plain = await held()
    const rule = (name: string, text: string) => `@id("${name}") ${text};`
    const all = rule('all', 'permit (principal, action, resource)')
    const decided = async (which: typeof led, text: string) => {
      await publishPolicies(parts, { text: `${all}\n${text}`, by: 'operator', note: 'test' })
      return (await world.decide(which, await world.token(which), READ)).outcome
    }
    const of = `context has foreign && context.foreign.issuers.contains("${theirs('x').iss}")`
    const exactly = `context has foreign && context.foreign.actors.contains({ issuer: "${theirs('x').iss}", subject: "planner" })`
    for (const when of [of, exactly]) {
      const forbid = rule(
        'led',
        `forbid (principal is Person, action in Action::"read", resource) when { ${when} }`,
      )
      assert.deepEqual(
        [await decided(led, forbid), await decided(plain, forbid)],
        ['deny', 'permit'],
      )
    }
    const named = rule('named', 'forbid (principal == Agent::"planner", action, resource)')
    assert.equal(await decided(led, named), 'permit')
  })

  test('the page that a person is asked on says who is behind it', async (t) => {
    const { jag, opening, parts, theirs } = await begin(t, { people: { delegates: false } })
    const ask = async (sub: string) => {
      const identity = await jag({ act: theirs(sub) })
      const answer = await openTask(parts, 'assertion', await opening({ identity }))
      assert.equal(outcomeOf(answer), 'needs_consent')
      return answer.outcome === 'needs_consent' ? answer.consentId : undefined
    }
    const [one, other, same] = [await ask('planner'), await ask('clerk'), await ask('planner')]
    assert.ok(one && other)
    assert.equal(same, one)
    assert.notEqual(other, one, 'a question of others is another question')
    const asked = await findConsent(parts.storage.read, one)
    assert.deepEqual(asked?.actors, [theirs('planner')])
    assert.deepEqual(asked?.details, [only('orders.read'), only('orders.list')])
  })
})
