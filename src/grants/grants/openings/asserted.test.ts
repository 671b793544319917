import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  newKey,
  ORDERS,
  READ,
  type TestKey,
  TOKEN_URL,
  worldsOver,
} from '../../../calls/calls/testing.ts'
import { signInPerson } from '../../../identity/identity-providers/index.ts'
import { fakeProvider, unsigned } from '../../../identity/identity-providers/testing.ts'
import { addIssuer, revokeIssuer } from '../../../identity/issuers/index.ts'
import type { IssuerDescription } from '../../../identity/issuers/read-issuer.ts'
import { findPerson, findPersonBySubject } from '../../../identity/people/index.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { basesFor } from '../../../tasks/consent/index.ts'
import { closeTask, findTask } from '../../../tasks/tasks/index.ts'
import { assertedWorld, outcomeOf } from '../foreign-tokens/testing.ts'
import { openTask } from './open-task.ts'
import { addAgent, handOn, only, permitAll } from './testing.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

forEachEngine('tasks that an assertion of another organization opens', (open) => {
  const worlds = worldsOver(open)

  const begin = async (t: TestContext, over: Partial<IssuerDescription> = {}) =>
    assertedWorld(t, await worlds.own(t), over)

  test('an assertion opens a task for the person it speaks for, within what it says', async (t) => {
    const { held, parts, world } = await begin(t)
    const one = await held()
    const { task } = one.opened
    assert.deepEqual(
      [task.agentId, task.personId, task.openedBy, task.issuers, task.bases, task.purpose],
      ['desk', world.sam.id, 'assertion', ['acme'], [], 'desk, as its organization allows'],
    )
    assert.deepEqual(task.details, [only('orders.read'), only('orders.list')])
    assert.deepEqual(await findTask(parts.storage.read, task.id), task)
    const token = await world.token(one)
    assert.equal((await world.decide(one, token, READ)).outcome, 'permit')
    // Nothing stays behind that another task could stand on.
    const between = { personId: world.sam.id, agentId: 'desk', now: parts.clock.now() }
    assert.deepEqual(await basesFor(parts.storage.read, between), [])
    await revokeIssuer(parts, { name: 'acme', by: 'operator', reason: 'test' })
    assert.equal((await world.decide(one, token, READ)).outcome, 'deny')
  })

  test('requested, asserted and what the agent may be given at most: the smallest counts', async (t) => {
    const { held, jag, reason } = await begin(t, { ceiling: [only('orders.read')] })
    assert.deepEqual((await held()).opened.details, [only('orders.read')])
    const both = await held({ scope: 'orders.read orders.refund' })
    assert.deepEqual(both.opened.details, [only('orders.read')])
    assert.equal(await reason({ scope: 'orders.refund' }), 'task.nothing_requested')
    assert.equal(
      await reason({ identity: await jag({ scope: 'orders.refund' }) }),
      'task.beyond_ceiling',
    )
    // A scope that means nothing here, and an assertion that says nothing, are worth nothing.
    for (const scope of ['chat.read', undefined])
      assert.equal(await reason({ identity: await jag({ scope }) }), 'task.nothing_requested')
    const details = [{ ...only('orders.read', 'orders.refund') }, { type: 'chat', actions: ['x'] }]
    const rich = await jag({ scope: undefined, authorization_details: details })
    assert.deepEqual((await held({ identity: rich })).opened.details, [only('orders.read')])
  })

  test('a resource in it makes a token for that resource, and none for another', async (t) => {
    const { held, jag, reason } = await begin(t)
    const named = await held({ identity: await jag({ resource: [ORDERS] }) })
    assert.equal(named.opened.kind, 'resource')
    assert.equal((await held({ resource: ORDERS })).opened.kind, 'resource')
    assert.equal((await held()).opened.kind, 'task')
    const away = await jag({ resource: 'https://api.example/other' })
    assert.equal(await reason({ identity: away }), 'grant.not_accepted')
    const other = await jag({ resource: ORDERS })
    assert.equal(
      await reason({ identity: other, resource: 'https://api.example/other' }),
      'task.resource_not_granted',
    )
  })

  test('without the word of its issuer for it, the person is asked', async (t) => {
    const { reason, held, world, jag } = await begin(t, { people: { provider: 'nobody' } })
    assert.equal(await reason({}), 'grant.not_accepted')
    assert.equal(await held().catch(() => 'refused'), 'refused')
    assert.equal(await reason({ identity: await jag({ sub: world.sam.id }) }), 'grant.not_accepted')
  })

  test('an issuer that only says who somebody is: consent, as in any other opening', async (t) => {
    const world = await worlds.own(t)
    const { provider } = world
    const parts = { ...world.parts, loopback: true }
    const desk = await addAgent(world, 'desk')
    await permitAll(world, world.sam)
    await addIssuer(parts, {
      ...{ name: 'acme', issuer: provider.issuer, uses: ['id_jag'], trust: 3, ceiling: null },
      ...{ ownerId: world.ada.id, by: world.ada.id, people: {} },
    })
    const now = Math.floor(parts.clock.now() / 1000)
    const identity = await provider.sign(
      {
        ...{ iss: provider.issuer, sub: 'sam', aud: [parts.issuer], client_id: 'desk' },
        ...{ iat: now, exp: now + 300, jti: 'once', scope: 'orders.read' },
      },
      { typ: 'oauth-id-jag+jwt' },
    )
    const opening = () => ({
      assertion: world.assertion({ iss: 'desk', sub: 'desk' }, desk.key),
      assertionType: JWT_BEARER,
      proof: world.proof(newKey(), { method: 'POST', url: TOKEN_URL }),
      ...{ method: 'POST', url: TOKEN_URL, origin: { ip: '192.0.2.7' } },
      ...({ use: 'id_jag', identity } as const),
    })
    assert.equal(outcomeOf(await openTask(parts, 'assertion', opening())), 'needs_consent')
    await world.allow([only('orders.read')], 'desk')
    // What was asked for was not used up by asking.
    const answer = await openTask(parts, 'assertion', opening())
    assert.equal(outcomeOf(answer), 'opened')
    if (answer.outcome === 'opened') assert.equal(answer.task.bases.length, 1)
  })

  test('what a person or an administrator allows limits the assertion too', async (t) => {
    const { held, reason, world } = await begin(t)
    await world.allow([only('orders.read')], 'desk')
    assert.deepEqual((await held()).opened.details, [only('orders.read')])
    assert.equal(await reason({ scope: 'orders.list' }), 'needs_consent')
  })

  test('every check of section 4.4, and of RFC 7523', async (t) => {
    const { acme, jag, parts, reason, world } = await begin(t)
    const other = await addAgent(world, 'other')
    const stranger = await fakeProvider()
    t.after(() => stranger.close())
    const now = Math.floor(parts.clock.now() / 1000)
    const cases: [string, string, string][] = [
      [
        'two audiences',
        await jag({ aud: [parts.issuer, 'https://b.example'] }),
        'token.wrong_audience',
      ],
      ['another audience', await jag({ aud: 'https://b.example' }), 'token.wrong_audience'],
      ['the token endpoint', await jag({ aud: TOKEN_URL }), 'token.wrong_audience'],
      ['another type', await jag({}, { typ: 'JWT' }), 'token.wrong_type'],
      ['of an access token', await jag({}, { typ: 'at+jwt' }), 'token.wrong_type'],
      ['another client', await jag({ client_id: 'other' }), 'subject_token.not_for_agent'],
      ['no client', await jag({ client_id: undefined }), 'subject_token.not_for_agent'],
      ['no jti', await jag({ jti: undefined }), 'token.malformed'],
      ['expired', await jag({ iat: now - 600, exp: now - 60 }), 'token.expired'],
      ['another key', await jag({ cnf: { jkt: 'x'.repeat(43) } }), 'subject_token.not_for_agent'],
      ['a certificate', await jag({ cnf: { 'x5t#S256': 'x' } }), 'subject_token.not_for_agent'],
      ['signed by another', await jag({}, {}, stranger), 'token.bad_signature'],
      ['not signed', unsigned({ iss: acme.issuer, sub: 'sam' }), 'token.malformed'],
      ['nobody', await jag({ sub: 'nobody' }), 'grant.not_accepted'],
      ['no subject', await jag({ sub: undefined }), 'token.malformed'],
    ]
    for (const [name, identity, expected] of cases)
      assert.equal(await reason({ identity }), expected, name)
    assert.equal(await reason({}, other), 'subject_token.not_for_agent', 'somebody else shows it')
    assert.equal(await reason({ assertion: undefined }), 'agent.unauthenticated')
    const unknown = await jag({ iss: stranger.issuer }, {}, stranger)
    assert.equal(await reason({ identity: unknown }), 'issuer.not_trusted')
    assert.deepEqual(stranger.asked, [], 'nothing is fetched for an issuer that nobody trusts')
    const own = { iss: acme.issuer, sub: 'their-desk' }
    assert.equal(await reason({ identity: await jag({ act: own }) }), 'opened')
    await suspendPerson(parts, { personId: world.sam.id, by: 'operator', reason: 'test' })
    assert.equal(await reason({}), 'person.suspended')
  })

  test('X1: an envelope that nobody signed, another tenant, an actor by its own word', async (t) => {
    const { acme, jag, parts, reason } = await begin(t, {
      tenant: { claim: 'tenant', value: 'ours' },
    })
    const now = Math.floor(parts.clock.now() / 1000)
    const inner = await jag({ tenant: 'ours' })
    const wrapped = { iss: acme.issuer, sub: 'sam', aud: parts.issuer, client_id: 'desk' }
    const envelope = unsigned({
      ...{ ...wrapped, tenant: 'ours', iat: now, exp: now + 300, jti: 'e', scope: 'orders.read' },
      actortoken: inner,
    })
    assert.equal(await reason({ identity: envelope }), 'token.malformed')
    assert.equal(await reason({ identity: await jag({ tenant: 'theirs' }) }), 'issuer.not_trusted')
    assert.equal(await reason({ identity: await jag() }), 'issuer.not_trusted')
    const act = { iss: parts.issuer, sub: 'refund-bot' }
    const bold = await jag({ tenant: 'ours', act })
    assert.equal(await reason({ identity: bold }), 'actor.impostor')
    assert.equal(await reason({ identity: inner }), 'opened')
  })

  test('a key that it names is the key of the task', async (t) => {
    const { jag, opening, parts } = await begin(t)
    const { thumbprint } = await thumbprintOf(newKey())
    assert.ok(thumbprint)
    const key = newKey()
    const { thumbprint: jkt } = await thumbprintOf(key)
    const answer = await openTask(
      parts,
      'assertion',
      await opening({ identity: await jag({ cnf: { jkt } }) }, key),
    )
    assert.equal(outcomeOf(answer), 'opened')
    if (answer.outcome === 'opened') assert.equal(answer.task.keyThumbprint, jkt)
  })

  async function thumbprintOf({ jwk }: TestKey) {
    const { calculateJwkThumbprint } = await import('jose')
    return { thumbprint: await calculateJwkThumbprint(jwk) }
  }

  test('one of 64 who show the same assertion at once gets a task', async (t) => {
    const { jag, opening, parts } = await begin(t)
    const identity = await jag()
    const openings = await Promise.all(Array.from({ length: 64 }, () => opening({ identity })))
    const answers = await Promise.all(openings.map((each) => openTask(parts, 'assertion', each)))
    const outcomes = answers.map(outcomeOf).toSorted()
    assert.deepEqual(outcomes, ['opened', ...Array(63).fill('subject_token.replayed')])
  })

  test('closed while the next token of a task was made: no token is given out', async (t) => {
    const { jag, opening, parts } = await begin(t)
    const key = newKey()
    const brings = async () => opening({ identity: await jag({ resource: ORDERS }) }, key)
    const first = await openTask(parts, 'assertion', await brings())
    assert.ok(first.outcome === 'opened')
    assert.equal(
      outcomeOf(await openTask(parts, 'assertion', await brings())),
      'opened',
      'it goes on',
    )
    const racing = {
      ...parts,
      storage: {
        ...parts.storage,
        read: parts.storage.read,
        transaction: parts.storage.transaction.bind(parts.storage),
        commit: async (steps: Parameters<typeof parts.storage.commit>[0]) => {
          const done = await parts.storage.commit(steps)
          await closeTask(parts, { taskId: first.task.id, by: 'x', reason: 'person' })
          return done
        },
      },
    }
    assert.equal(outcomeOf(await openTask(racing, 'assertion', await brings())), 'token.stale')
  })

  test('people: by address where that is said so, new ones where it is', async (t) => {
    const { jag, held, reason, world, parts } = await begin(t, {
      people: { provider: 'https://people.example', delegates: true, admits: true, email: true },
    })
    const { opened } = await held({
      identity: await jag({
        sub: 'kim',
        name: 'Kim',
        email: 'kim@acme.example',
        groups: ['finance'],
      }),
    })
    const kim = await findPersonBySubject(parts.storage.read, 'https://people.example', 'kim')
    assert.equal(opened.task.personId, kim?.id)
    assert.deepEqual([kim?.name, kim?.groups], ['Kim', []])
    const again = await held({ identity: await jag({ sub: 'other', email: 'kim@acme.example' }) })
    assert.equal(again.opened.task.personId, kim?.id)
    const known = kim && (await findPerson(parts.storage.read, kim.id))
    assert.deepEqual(known, kim, 'an assertion changes nothing of somebody who is known')
    // Somebody elsewhere has the same address, and so takes it from nobody; two of the same provider do.
    const profile = { email: 'kim@acme.example', name: 'Kim', issuedAt: parts.clock.now() }
    const elsewhere = { issuer: 'https://partner.example', subject: 'kim' }
    await signInPerson(parts, { ...profile, ...elsewhere, groupValues: [] })
    const still = await held({ identity: await jag({ sub: 'other', email: 'kim@acme.example' }) })
    assert.equal(still.opened.task.personId, kim?.id)
    const unverified = { sub: 'third', email: 'kim@acme.example', email_verified: false }
    const third = await held({ identity: await jag(unverified) })
    assert.notEqual(third.opened.task.personId, kim?.id)
    assert.ok(world.sam)
    assert.equal(
      await reason({ identity: await jag({ sub: 'x'.repeat(300) }) }),
      'person.bad_claims',
    )
  })

  test('a grant of another domain is of another use and another type', async (t) => {
    const { held, jag, opening, parts, reason } = await begin(t, { uses: ['chaining'] })
    const use = 'chaining' as const
    const { opened } = await held({ use, identity: await jag({}, { typ: 'JWT' }) })
    assert.equal(opened.task.openedBy, 'assertion')
    assert.equal(await reason({ use, identity: await jag() }), 'token.wrong_type')
    assert.equal(await reason({ identity: await jag() }), 'issuer.not_trusted')
    // One that names no client names the key it is for; whoever finds another has nothing.
    const key = newKey()
    const { thumbprint: jkt } = await thumbprintOf(key)
    const unnamed = (cnf?: object) => jag({ client_id: undefined, cnf }, { typ: 'JWT' })
    const forKey = await opening({ use, identity: await unnamed({ jkt }) }, key)
    assert.equal(outcomeOf(await openTask(parts, 'assertion', forKey)), 'opened')
    for (const cnf of [undefined, { jkt }])
      assert.equal(
        await reason({ use, identity: await unnamed(cnf) }),
        'subject_token.not_for_agent',
      )
    const other = await jag({ client_id: 'other' }, { typ: 'JWT' })
    assert.equal(await reason({ use, identity: other }), 'subject_token.not_for_agent')
  })

  test('what it says may be done may not therefore be handed on; what it says may be handed on, may', async (t) => {
    const { held, jag } = await begin(t)
    const { opened } = await held({ scope: 'orders.read' })
    assert.deepEqual(opened.task.mayDelegate, [])
    const identity = await jag({ authorization_details: [handOn('orders.read')] })
    const both = await held({ identity })
    assert.deepEqual(both.opened.details, [only('orders.read'), only('orders.list')])
    assert.deepEqual(both.opened.task.mayDelegate, [handOn('orders.read')])
  })
})
