import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findAgent, registerAgent, suspendAgent } from '../../identity/agents/index.ts'
import { addAdmissionRule, removeAdmissionRule } from '../../identity/client-metadata/index.ts'
import { protocolRecords } from '../../identity/opaque-tokens/index.ts'
import { agentIdOf } from '../../platform/lib/client-url.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { DAY, MINUTE, WEEK } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { basesFor } from '../../tasks/consent/basis-store.ts'
import { endBasis } from '../../tasks/tasks/index.ts'
import { addPerson, kindOf, LOCATION, may, taskTestParts } from '../../tasks/tasks/testing.ts'
import { type AuthorizationAnswer, answerAuthorization } from './answer-authorization.ts'
import { AUTHORIZATION_KEPT, AUTHORIZATION_WAITS } from './authorization.ts'
import { findAuthorization, lastAllowed } from './authorization-store.ts'
import {
  type AuthorizationStart,
  beginAuthorization,
  forgetOldAuthorizations,
} from './begin-authorization.ts'

const CLIENT = `client-${'0'.repeat(32)}`
/** Client id of the same software, registered once more. */
const ANOTHER = `client-${'1'.repeat(32)}`
const DOCUMENT = 'https://notes.example/client.json'
const upTo = (amount: string) => may('orders.refund', { path: '/amount', op: 'lte', value: amount })
const OFFERED = [may('orders.read'), upTo('1000.00')]

const rejects = (work: Promise<unknown>, code: string, hint = '') =>
  assert.rejects(work, (error) => error instanceof Problem && error.code === code, hint)

forEachEngine('answers to clients at the authorization endpoint', (open) => {
  async function begin(let_in = true) {
    const parts = await taskTestParts(await open())
    const { read } = parts.storage
    const person = await addPerson(parts, 'support')
    const rule = {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2, ceiling: OFFERED },
      ...{ ownerId: person.id, by: person.id },
    }
    if (let_in) await addAdmissionRule(parts, rule)
    const kept = protocolRecords(parts)
    const register = (id: string) =>
      kept.put({ kind: 'Client', id, payload: { client_id: id } }, WEEK / 1000)
    await register(CLIENT)
    const ask = (id = 'one', over: Partial<AuthorizationStart> = {}) =>
      beginAuthorization(parts, {
        askedDetails: null,
        deferrable: false,
        mayReturn: true,
        ...{ id, clientId: CLIENT, clientName: 'Notes', resource: LOCATION, scope: null },
        redirectUri: 'http://localhost/callback',
        redirectUris: ['http://localhost/callback'],
        browser: 'digest',
        ...over,
      })
    await ask()
    const answer = (over: Partial<AuthorizationAnswer> = {}, at = parts) => {
      const right = { authorizationId: 'one', browser: 'digest', person, answer: 'grant' } as const
      const what = { details: OFFERED, offered: OFFERED, authTime: 1, mayReturn: true }
      const expiresAt = parts.clock.now() + 3_600_000
      return answerAuthorization(at, { ...right, ...what, expiresAt, ...over }, kindOf)
    }
    const bases = () =>
      basesFor(read, { agentId: CLIENT, personId: person.id, now: parts.clock.now() })
    return {
      ...{ parts, person, ask, answer, bases, read },
      register,
      forget: (id: string) => parts.storage.commit([kept.destroyStep('Client', id)]),
      agent: () => findAgent(read, CLIENT),
      answered: async () =>
        (await parts.recorded()).filter(({ type }) => type === 'authorization.answered'),
      state: async (id = 'one') => (await findAuthorization(read, id))?.state,
      registered: async (id = CLIENT) => (await kept.find('Client', id)) !== undefined,
    }
  }

  test('a grant makes the client an agent and the consent a basis, in one', async () => {
    const { agent, answer, bases, parts, person, read } = await begin()
    const details = [may('orders.read'), upTo('50.00')]
    const expiresAt = parts.clock.now() + 3_600_000
    const done = await answer({ details, expiresAt })
    const [basis, ...more] = await bases()
    assert.deepEqual([done.state, done.basisId, more.length], ['granted', basis?.id, 0])
    assert.deepEqual(basis?.details, details)
    assert.deepEqual([basis?.grantedBy, basis?.expiresAt], [person.id, expiresAt])
    assert.equal((await agent())?.admission, 'this-computer')
    const of = { agentId: CLIENT, personId: person.id, resource: LOCATION }
    assert.deepEqual((await lastAllowed(read, of))?.details, details)
    await parts.live.stop()
  })

  test('a consent answers for its person again while it stands, and as what it is', async () => {
    const { answer, ask, bases, parts, person, state } = await begin()
    const first = await answer()
    assert.equal(first.mayReturn, true)
    const [basis] = await bases()
    assert.ok(basis)
    await ask('two')
    const again = { authorizationId: 'two', under: basis.id }
    const done = await answer(again)
    assert.deepEqual([done.state, done.basisId, (await bases()).length], ['granted', basis.id, 1])
    const told = (await parts.recorded()).filter(({ type }) => type === 'authorization.answered')
    assert.deepEqual(
      told.map(({ facts }) => facts?.returned),
      [undefined, true],
    )
    await ask('three')
    await endBasis(parts, { basisId: basis.id, by: person.id })
    await assert.rejects(answer({ ...again, authorizationId: 'three' }), {
      code: 'authorization.changed',
    })
    assert.equal(await state('three'), 'pending')
    await parts.live.stop()
  })

  test('nobody is granted more than was offered, nothing, or for no time', async () => {
    const { agent, answer, bases, parts, state } = await begin()
    for (const details of [
      [upTo('1000.01')],
      [may('orders.refund')],
      [may('orders.delete')],
      [{ ...may('orders.read'), locations: ['https://gw.example/other'] }],
      [...OFFERED, may('orders.delete')],
    ])
      await rejects(answer({ details }), 'consent.widened', JSON.stringify(details))
    await rejects(answer({ details: [] }), 'consent.nothing_granted')
    await rejects(answer({ expiresAt: parts.clock.now() }), 'consent.nothing_granted')
    assert.deepEqual([await state(), await agent(), await bases()], ['pending', undefined, []])
    await parts.live.stop()
  })

  test('only the browser that began answers, once, in time', async () => {
    const { answer, ask, bases, parts, state } = await begin()
    for (const browser of ['other', '', undefined])
      await rejects(answer({ browser }), 'authorization.unknown')
    await rejects(answer({ authorizationId: 'two' }), 'authorization.unknown')
    assert.equal(await state(), 'pending')
    const answers = await Promise.allSettled(
      Array.from({ length: 16 }, (_, i) => answer({ answer: i % 2 ? 'grant' : 'deny' })),
    )
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.ok((await bases()).length <= 1)
    for (const again of ['grant', 'deny', 'introduce'] as const)
      await rejects(answer({ answer: again }), 'authorization.not_pending')
    await ask('late')
    parts.clock.advance(AUTHORIZATION_WAITS)
    for (const late of ['grant', 'deny', 'introduce'] as const)
      await rejects(answer({ authorizationId: 'late', answer: late }), 'authorization.not_pending')
    await parts.live.stop()
  })

  test('a grant needs the sign-in that the client asked for, by its age when it asked', async () => {
    const { answer, ask, parts } = await begin()
    const { clock } = parts
    const signedInAt = clock.now() - MINUTE
    const stepUp = { acrValues: ['mfa'], maxAgeSeconds: 60 }
    await ask('fresh', { stepUp })
    clock.advance(5 * MINUTE)
    const fresh = { authorizationId: 'fresh', acr: 'mfa', authTime: signedInAt } as const
    for (const poor of [
      { authTime: signedInAt - 1000 },
      { authTime: null },
      { acr: 'pwd' },
      { acr: null },
    ] as const)
      await rejects(answer({ ...fresh, ...poor }), 'step_up.required', JSON.stringify(poor))
    const done = await answer(fresh)
    assert.deepEqual([done.state, done.acr, done.authTime], ['granted', 'mfa', signedInAt])
    await parts.live.stop()
  })

  test('a grant needs the sign-in that the server asks of everybody, by its age now', async () => {
    const { answer, ask, parts } = await begin()
    const stepUp = { acrValues: [], maxAgeSeconds: 60 }
    const authTime = parts.clock.now()
    const answerHere = (over: Partial<AuthorizationAnswer>) =>
      answer({ authTime, ...over }, { ...parts, stepUp })
    parts.clock.advance(MINUTE + 1000)
    await rejects(answerHere({}), 'step_up.required')
    assert.equal((await answerHere({ authTime: authTime + 1000 })).state, 'granted')
    // A no widens nothing, and neither does bringing a client.
    await ask('two')
    await answerHere({ authorizationId: 'two', answer: 'introduce' })
    assert.equal((await answerHere({ authorizationId: 'two', answer: 'deny' })).state, 'denied')
    await parts.live.stop()
  })

  test('a client that took its registration back becomes no agent', async () => {
    const { agent, answer, bases, forget, parts, state } = await begin()
    await forget(CLIENT)
    await rejects(answer(), 'authorization.changed')
    await rejects(answer({ answer: 'introduce' }), 'authorization.changed')
    assert.deepEqual([await state(), await agent(), await bases()], ['pending', undefined, []])
    await parts.live.stop()
  })

  test('a client that never registers is let in: by its document, or by an administrator', async () => {
    const { answer, ask, parts, person, read } = await begin()
    await addAdmissionRule(parts, {
      ...{ name: 'documents', documentHosts: ['notes.example'], redirectHosts: [], trust: 2 },
      ...{ ceiling: OFFERED, ownerId: person.id, by: person.id },
    })
    const redirects = ['https://notes.example/callback']
    await ask('document', {
      ...{ clientId: DOCUMENT, redirectUri: redirects[0] ?? '', redirectUris: redirects },
    })
    assert.equal((await answer({ authorizationId: 'document' })).state, 'granted')
    assert.equal((await findAgent(read, agentIdOf(DOCUMENT)))?.admission, 'documents')
    await registerAgent(parts, {
      ...{ name: 'notes-bot', description: '', ownerId: person.id, trust: 2, ceiling: OFFERED },
      ...{ keys: [], clients: [], by: person.id },
    })
    await ask('named', { clientId: 'notes-bot' })
    assert.equal((await answer({ authorizationId: 'named' })).agentId, 'notes-bot')
    await parts.live.stop()
  })

  test('a registration that a later one of the same software replaced stays for a day', async () => {
    const { answer, answered, ask, parts, register, registered } = await begin()
    await answer()
    await register(ANOTHER)
    await ask('two', { clientId: ANOTHER })
    const done = await answer({ authorizationId: 'two' })
    assert.equal(done.agentId, CLIENT, 'another instance of one agent')
    assert.deepEqual(
      (await answered()).map(({ agent }) => agent),
      [CLIENT, CLIENT],
    )
    parts.clock.advance(DAY - 1)
    assert.deepEqual([await registered(), await registered(ANOTHER)], [true, true])
    parts.clock.advance(1)
    assert.deepEqual([await registered(), await registered(ANOTHER)], [false, true])
    await parts.live.stop()
  })

  test('the record of an answer says who answered for which agent, how they were signed in, and for what', async () => {
    const { answer, answered, ask, bases, parts, person } = await begin()
    await answer({ acr: 'mfa', authTime: 7 })
    await ask('two', { clientId: DOCUMENT })
    await answer({ authorizationId: 'two', answer: 'deny', authTime: null })
    const [basis] = await bases()
    const where = { resource: LOCATION, redirect_uri: 'http://localhost/callback' }
    assert.deepEqual(
      (await answered()).map(({ agent, by, facts, outcome }) => ({ agent, by, facts, outcome })),
      [
        {
          ...{ agent: CLIENT, by: person.id, outcome: 'granted' },
          facts: { ...where, basis: basis?.id, auth_time: 7, acr: 'mfa' },
        },
        { agent: agentIdOf(DOCUMENT), by: person.id, outcome: 'denied', facts: where },
      ],
    )
    await parts.live.stop()
  })

  test('whom nobody let in can be brought, and granted nothing, however it is asked', async () => {
    const { agent, answer, bases, parts, registered, state } = await begin(false)
    await rejects(answer(), 'consent.nothing_granted')
    assert.deepEqual([await agent(), await bases()], [undefined, []])
    await answer({ answer: 'introduce' })
    assert.deepEqual([(await agent())?.trust, (await agent())?.ceiling], [0, []])
    assert.equal(await state(), 'pending')
    await rejects(answer(), 'consent.nothing_granted')
    assert.deepEqual(await bases(), [])
    // Whoever lets it in may take longer than an unused registration lasts.
    parts.clock.advance(2 * WEEK)
    assert.ok(await registered())
    await parts.live.stop()
  })

  test('an agent that was suspended after the page was made is granted nothing', async () => {
    const { answer, ask, bases, parts } = await begin()
    await answer()
    await ask('two')
    const before = (await bases()).length
    await suspendAgent(parts, { agentId: CLIENT, by: 'psn_x', reason: 'wait' })
    await rejects(answer({ authorizationId: 'two' }), 'consent.nothing_granted')
    assert.equal((await bases()).length, before)
    await parts.live.stop()
  })

  test('a rule that went after the page was made does not count any more', async () => {
    const { agent, answer, bases, parts, state } = await begin()
    await removeAdmissionRule(parts, { name: 'this-computer', by: 'psn_x' })
    await rejects(answer(), 'consent.nothing_granted')
    assert.deepEqual([await state(), await agent(), await bases()], ['pending', undefined, []])
    await parts.live.stop()
  })

  test('a no makes nobody an agent, and what was said is remembered for a while', async () => {
    const { agent, answer, ask, bases, parts, registered, state } = await begin()
    await answer({ answer: 'deny' })
    assert.deepEqual([await state(), await agent(), await bases()], ['denied', undefined, []])
    await ask('unanswered')
    parts.clock.advance(AUTHORIZATION_WAITS + 1)
    await forgetOldAuthorizations(parts.storage, parts.clock.now())
    assert.deepEqual([await state(), await state('unanswered')], ['denied', undefined])
    parts.clock.advance(WEEK)
    assert.ok(!(await registered()), 'a no does not keep a registration')
    parts.clock.advance(AUTHORIZATION_KEPT)
    await forgetOldAuthorizations(parts.storage, parts.clock.now())
    assert.equal(await state(), undefined)
    await parts.live.stop()
  })
})
