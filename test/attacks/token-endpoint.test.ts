import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addKey, registerAgent, revokeKey, suspendAgent } from '../../src/identity/agents/index.ts'
import { registerProvider } from '../../src/identity/identity-providers/index.ts'
import {
  type FakeProvider,
  fakeProvider,
  unsigned,
} from '../../src/identity/identity-providers/testing.ts'
import { findTask } from '../../src/tasks/tasks/index.ts'
import {
  ACCESS_TOKEN,
  ID_TOKEN,
  postForm,
  type RequestDeviations,
  TestAgent,
  TOKEN_EXCHANGE,
} from '../agent.ts'
import { assertNoToken } from '../refusals.ts'
import { decode, newKey, seconds, tampered, unsecured } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

const SCOPE = 'orders.read'

/** Counts the tasks; a refused opening must not leave one behind. */
async function tasks(w: World): Promise<number> {
  const rows = await w.rooms.storage.read.selectFrom('tasks').select('id').execute()
  return rows.length
}

async function ask(w: World, odd: RequestDeviations, subjectToken?: string) {
  const before = await tasks(w)
  const answer = await w.agent.ask(
    { scope: SCOPE, subjectToken: subjectToken ?? (await w.idToken()) },
    odd,
  )
  if (answer.status !== 200) assert.equal(await tasks(w), before, 'no task was opened')
  return answer
}

inEachWorld('client authentication at the token endpoint', (world) => {
  const unauthenticated = async (odd: RequestDeviations, hint = '') => {
    const answer = await ask(world(), odd)
    assertNoToken(answer, 'invalid_client', 'agent.unauthenticated', hint)
    // What is said beyond that is about the assertion alone: nobody learns which agents there are.
    assert.match(
      String(answer.body.error_description),
      /^the client could not be authenticated/,
      hint,
    )
  }
  const claims = (claims: Record<string, unknown>): RequestDeviations => ({ assertion: { claims } })

  it('no assertion at all is a request for a resource token, and not one of those either', async () => {
    const answer = await ask(world(), { form: { client_assertion: undefined } })
    assertNoToken(answer, 'invalid_request', 'oauth.invalid_request')
  })

  it('an assertion for another audience, or for more than Remit', async () => {
    const w = world()
    for (const aud of [
      'https://elsewhere.example',
      `${w.issuer}/`,
      `${w.issuer}/oauth/token`,
      [w.issuer],
      [w.issuer, 'https://elsewhere.example'],
      w.gateway,
      undefined,
      '',
    ])
      await unauthenticated(claims({ aud }), JSON.stringify(aud))
  })

  it('O14: an assertion that was used before', async () => {
    const w = world()
    const client_assertion = await w.agent.assertion()
    assert.equal((await ask(w, { form: { client_assertion } })).status, 200)
    await unauthenticated({ form: { client_assertion } })
  })

  it('an assertion that is over, lives too long, comes from the future, or has no id', async () => {
    const now = seconds(world().clock)
    await unauthenticated(claims({ iat: now - 120, exp: now - 1 }), 'over')
    await unauthenticated(claims({ iat: now, exp: now + 301 }), 'too long')
    await unauthenticated(claims({ iat: now + 60, exp: now + 120 }), 'future')
    await unauthenticated(claims({ nbf: now + 60 }), 'not yet')
    await unauthenticated(claims({ exp: undefined }), 'without end')
    await unauthenticated(claims({ iat: undefined }), 'without beginning')
    for (const jti of [undefined, '', 1, 'x'.repeat(257)])
      await unauthenticated(claims({ jti }), `jti ${jti}`)
  })

  it('an assertion by nobody: alg none, another key, a changed one, another type', async () => {
    const w = world()
    const good = await w.agent.assertion()
    await unauthenticated({ form: { client_assertion: unsecured(good) } }, 'none')
    await unauthenticated({ assertion: { signer: await newKey() } }, 'another key')
    const changed = tampered(good, { claims: { jti: 'another' } })
    await unauthenticated({ form: { client_assertion: changed } }, 'changed')
    for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'txntoken+jwt'])
      await unauthenticated({ assertion: { header: { typ } } }, typ)
    await unauthenticated({ form: { client_assertion: 'x' } }, 'no JWT')
    await unauthenticated({ form: { client_assertion_type: 'urn:x' } }, 'another type')
    await unauthenticated({ form: { client_assertion_type: undefined } }, 'no type')
  })

  it('an assertion in the name of somebody else, or of nobody', async () => {
    await unauthenticated(claims({ sub: 'other-bot' }))
    await unauthenticated(claims({ iss: 'other-bot' }))
    await unauthenticated(claims({ iss: 'other-bot', sub: 'other-bot' }), 'unknown agent')
    await unauthenticated(claims({ iss: '__proto__', sub: '__proto__' }))
    await unauthenticated(claims({ iss: undefined, sub: undefined }))
  })

  it('an assertion by a key that was revoked, or of an agent that is suspended', async () => {
    const w = world()
    const { id: by } = await w.person('ada')
    const spare = await newKey()
    await addKey(w.rooms.agents, { agentId: 'refund-bot', jwk: spare.publicJwk, by })
    const kid = { kid: spare.thumbprint }
    const withSpare = { assertion: { signer: spare, header: kid } }
    assert.equal((await ask(w, withSpare)).status, 200)
    await revokeKey(w.rooms.agents, { agentId: 'refund-bot', thumbprint: spare.thumbprint, by })
    await unauthenticated(withSpare)

    const key = await newKey()
    await registerAgent(w.rooms.agents, {
      name: 'idle-bot',
      description: '',
      ownerId: by,
      trust: 3,
      ceiling: [],
      keys: [key.publicJwk],
      clients: [{ issuer: w.provider, clientId: 'idle-bot' }],
      by,
    })
    await suspendAgent(w.rooms.agents, { agentId: 'idle-bot', by, reason: 'test' })
    const idle = new TestAgent(w, 'idle-bot', key)
    const answer = await idle.ask({
      scope: SCOPE,
      subjectToken: await w.idToken('sam', 'idle-bot'),
    })
    assertNoToken(answer, 'invalid_client', 'agent.unauthenticated')
  })
})

inEachWorld('subject tokens at the token endpoint', (world) => {
  let foreign: FakeProvider
  it('a provider that says what a test wants is configured', async () => {
    const w = world()
    foreign = await fakeProvider()
    w.onStop(() => foreign.close())
    await registerProvider(w.rooms.people, {
      issuer: foreign.issuer,
      name: 'Foreign',
      clientId: 'remit',
      allowLoopback: true,
      by: 'test',
    })
    const { id: by } = await w.person('ada')
    const { linkClient } = await import('../../src/identity/agents/index.ts')
    await linkClient(w.rooms.agents, {
      agentId: 'refund-bot',
      issuer: foreign.issuer,
      clientId: 'bot-client',
      by,
    })
    const answer = await ask(w, {}, await said({}))
    assertNoToken(answer, 'interaction_required', 'consent.required', 'the right one is accepted')
  })

  const said = (over: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const now = seconds(world().clock)
    const { issuer } = foreign
    return foreign.sign(
      {
        iss: issuer,
        sub: 'eve',
        aud: 'bot-client',
        name: 'Eve',
        iat: now,
        exp: now + 300,
        jti: crypto.randomUUID(),
        ...over,
      },
      { typ: 'JWT', ...header },
    )
  }

  it('an ID token that was given to another client', async () => {
    const w = world()
    const answer = await ask(w, {}, await w.idToken('sam', 'someone-else'))
    assertNoToken(answer, 'invalid_grant', 'subject_token.not_for_agent')
    const shared = await said({ aud: ['bot-client', 'someone-else'] })
    assertNoToken(await ask(w, {}, shared), 'invalid_grant', 'subject_token.not_for_agent')
    for (const aud of [w.issuer, 'remit', 'refund-bot'])
      assertNoToken(
        await ask(w, {}, await said({ aud })),
        'invalid_grant',
        'subject_token.not_for_agent',
        aud,
      )
    const named = await said({ aud: w.issuer, azp: 'someone-else' })
    assertNoToken(await ask(w, {}, named), 'invalid_grant', 'subject_token.not_for_agent')
  })

  it('an ID token that opened a task before', async () => {
    const w = world()
    const token = await w.idToken()
    assert.equal((await ask(w, {}, token)).status, 200)
    assertNoToken(await ask(w, {}, token), 'invalid_grant', 'subject_token.replayed')
  })

  it('a token by Remit itself: a task token, a resource token, or one that only claims to be', async () => {
    const w = world()
    const task = await w.open()
    for (const token of [
      task.token,
      await w.agent.token(task, w.orders),
      await said({ iss: w.issuer }),
    ])
      for (const subject_token_type of [ID_TOKEN, ACCESS_TOKEN])
        assertNoToken(
          await ask(w, { form: { subject_token_type } }, token),
          'invalid_grant',
          'subject_token.issued_by_remit',
        )
  })

  it('a token of nobody we know, by nobody, old, over, or of another type', async () => {
    const w = world()
    const now = seconds(w.clock)
    const refused = async (token: string, code: Parameters<typeof assertNoToken>[2], hint = '') =>
      assertNoToken(await ask(w, {}, token), 'invalid_grant', code, hint)
    await refused(await said({ iss: 'https://elsewhere.example' }), 'subject_token.unknown_issuer')
    await refused(await said({ iss: undefined }), 'subject_token.unknown_issuer')
    await refused(unsigned({ ...decode(await said({})).claims }), 'token.malformed', 'none')
    await refused(tampered(await said({}), { claims: { sub: 'sam' } }), 'token.bad_signature')
    await refused(tampered(await said({}), { header: { alg: 'HS256' } }), 'token.wrong_algorithm')
    await refused(await said({ iat: now - 601, exp: now + 60 }), 'token.too_old')
    await refused(await said({ iat: now - 60, exp: now - 1 }), 'token.expired')
    await refused(await said({ iat: now + 60, exp: now + 120 }), 'token.not_yet_valid')
    await refused(await said({}, { typ: 'at+jwt' }), 'token.wrong_type')
    await refused(await said({}, { typ: 'logout+jwt' }), 'token.wrong_type')
    await refused(await said({ events: {} }), 'subject_token.not_for_agent')
    await refused('nonsense', 'token.malformed')
    const saml = { form: { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' } }
    assertNoToken(await ask(w, saml), 'invalid_grant', 'subject_token.unsupported_type')
  })
})

inEachWorld('proofs and requests at the token endpoint', (world) => {
  it('no proof, two, a used one, one for elsewhere, or by a key that signs for somebody else', async () => {
    const w = world()
    const url = `${w.issuer}/oauth/token`
    const key = await newKey()
    const proof = () => w.agent.proof(key, { method: 'POST', url })
    const refused = async (
      odd: RequestDeviations,
      code: Parameters<typeof assertNoToken>[2],
      hint = '',
    ) => assertNoToken(await ask(w, odd), 'invalid_dpop_proof', code, hint)
    await refused({ proofs: [] }, 'proof.missing')
    await refused({ proofs: [await proof(), await proof()] }, 'proof.malformed', 'two headers')
    await refused({ proofs: [`${await proof()}, ${await proof()}`] }, 'proof.malformed', 'joined')
    for (const htu of [`${w.issuer}/oauth/revoke`, `${w.gateway}/oauth/token`, `${url}/?x=1`])
      await refused({ proof: { claims: { htu } } }, 'proof.wrong_request', htu)
    await refused({ proof: { claims: { htm: 'GET' } } }, 'proof.wrong_request')
    await refused({ proof: { claims: { iat: seconds(w.clock) - 120 } } }, 'proof.not_now')
    await refused({ proof: { signer: await newKey() } }, 'proof.bad_signature')
    await refused({ proof: { header: { jwk: key.privateJwk } } }, 'proof.bad_key')
    const used = await proof()
    // Nothing of a stranger is kept; what is refused to somebody who is known uses the proof up.
    const nobody = { proofs: [used], assertion: { claims: { aud: 'x' } } }
    assertNoToken(await ask(w, nobody), 'invalid_client', 'agent.unauthenticated')
    const known = await ask(w, { proofs: [used], form: { scope: 'orders.nothing' } })
    assert.equal(known.body.code, 'task.bad_scope', known.text)
    await refused({ proofs: [used] }, 'proof.replayed')
  })

  it('a proof that was used at the token endpoint is used up for tasks, and the other way round', async () => {
    const w = world()
    const task = await w.open()
    const url = `${w.issuer}/oauth/token`
    const proof = await w.agent.proof(task.key, { method: 'POST', url })
    assert.equal((await w.agent.askToken(task, w.orders, { proofs: [proof] })).status, 200)
    assertNoToken(
      await w.agent.askToken(task, w.orders, { proofs: [proof] }),
      'invalid_dpop_proof',
      'proof.replayed',
    )
    assertNoToken(await ask(w, { proofs: [proof] }), 'invalid_dpop_proof', 'proof.replayed')
  })

  it('a task token with the key of another task, a resource token, or the name of another task', async () => {
    const w = world()
    const [task, other] = [await w.open(), await w.open()]
    const wrongKey = { ...task, key: other.key }
    assertNoToken(
      await w.agent.askToken(wrongKey, w.orders),
      'invalid_dpop_proof',
      'proof.wrong_key',
    )
    const resource = { ...task, token: await w.agent.token(task, w.orders) }
    assertNoToken(
      await w.agent.askToken(resource, w.orders),
      'invalid_grant',
      'token.wrong_audience',
    )
    const named = { form: { client_id: other.id } }
    assertNoToken(
      await w.agent.askToken(task, w.orders, named),
      'invalid_grant',
      'token.unknown_task',
    )
    const idToken = { ...task, token: await w.idToken() }
    assertNoToken(await w.agent.askToken(idToken, w.orders), 'invalid_grant', 'token.wrong_type')
    assertNoToken(
      await w.agent.askToken(
        { ...task, token: tampered(task.token, { claims: { exp: 9e9 } }) },
        w.orders,
      ),
      'invalid_grant',
      'token.bad_signature',
    )
  })

  it('X1: parameters that claim another actor, audience or kind of token', async () => {
    const w = world()
    for (const form of [
      { actor_token: 'x' },
      { actor_token_type: ACCESS_TOKEN },
      { audience: w.orders },
      { requested_token_type: ID_TOKEN },
    ])
      assertNoToken(
        await ask(w, { form }),
        'invalid_request',
        'oauth.invalid_request',
        JSON.stringify(form),
      )
  })

  it('a parameter that comes twice, a body of another type, another method, another grant', async () => {
    const w = world()
    const url = `${w.issuer}/oauth/token`
    const form = (body: string, type = 'application/x-www-form-urlencoded') =>
      send(url, { method: 'POST', headers: [['Content-Type', type]], body })
    for (const body of [
      'grant_type=a&grant_type=b',
      'grant_type=a&grant%5Ftype=b',
      'grant_type=%ff',
      'grant_type=a%00',
      'grant_type=%',
      '=a',
      '&',
      `grant_type=a${'&a=b'.repeat(50)}`,
      '',
    ])
      assertNoToken(await form(body), 'invalid_request', 'oauth.invalid_request', body.slice(0, 40))
    for (const type of [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded; charset=utf-16',
    ])
      assertNoToken(
        await form('grant_type=a', type),
        'invalid_request',
        'oauth.invalid_request',
        type,
      )
    const large = await form(`grant_type=${'a'.repeat(200_000)}`)
    assert.deepEqual([large.status, large.body.code], [413, 'input.too_large'])
    const get = await send(`${url}?grant_type=${encodeURIComponent(TOKEN_EXCHANGE)}`)
    assert.deepEqual([get.status, get.body.code], [405, 'request.method_not_allowed'])
    const unknown = await postForm(
      url,
      { grant_type: 'password', username: 'a', password: 'b' },
      [],
    )
    assert.equal(unknown.status, 400, unknown.text)
    assert.ok(
      ['unsupported_grant_type', 'invalid_request'].includes(String(unknown.body.error)),
      unknown.text,
    )
  })

  it('authorization details that two parsers read differently, or that no one should', async () => {
    const w = world()
    const detail = `{"type":"remit_call","locations":["${w.orders}"],"actions":["orders.read"],"bounds":[]}`
    const asking = async (authorization_details: string) =>
      ask(w, { form: { scope: undefined, authorization_details } })
    assert.equal((await asking(`[${detail}]`)).status, 200)
    for (const bad of [
      'x',
      '{}',
      '[]',
      `[${detail}`,
      `[${detail.replace('{', '{"actions":["orders.refund"],')}]`,
      `[${detail.replace('}', ',"unknown":1}')}]`,
      `[${detail.replace('}', ',"__proto__":{"x":1}}')}]`,
      `[${detail.replace('"bounds":[]', '"bounds":[{"path":"/order_id","op":"like","value":"1"}]')}]`,
      `[${detail.replace('"bounds":[]', '"bounds":[{"path":"/order_id","op":"eq","value":{"__entity":{"type":"Person","id":"x"}}}]')}]`,
      `[${detail.replace('"bounds":[]', `"bounds":${'['.repeat(200)}${']'.repeat(200)}`)}]`,
      `[${Array.from({ length: 65 }, () => detail).join(',')}]`,
      `[${detail.replace('remit_call', 'remit_anything')}]`,
    ]) {
      const answer = await asking(bad)
      assert.equal(
        answer.body.error,
        'invalid_authorization_details',
        `${bad.slice(0, 90)} ${answer.text}`,
      )
      assert.equal(answer.status, 400)
    }
  })

  it('what is asked for to hand on is handed on, and done by nobody here', async () => {
    const w = world()
    const handed = { locations: [w.orders], actions: ['orders.read'], bounds: [] }
    const authorization_details = JSON.stringify([{ type: 'remit_delegate', ...handed }])
    const answer = await ask(w, { form: { scope: undefined, authorization_details } })
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(answer.body.authorization_details, [{ type: 'remit_delegate', ...handed }])
    assert.deepEqual(decode(String(answer.body.access_token)).claims.authorization_details, [])
    const task = await findTask(w.rooms.storage.read, String(answer.body.task_id))
    assert.deepEqual(task?.details, [])
  })

  it('64 identical exchanges at once open one task', async () => {
    const w = world()
    const key = await newKey()
    const url = `${w.issuer}/oauth/token`
    const proofs = [await w.agent.proof(key, { method: 'POST', url })]
    const form = { client_assertion: await w.agent.assertion() }
    const wish = { key, scope: SCOPE, subjectToken: await w.idToken() }
    const before = await tasks(w)
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => w.agent.ask(wish, { proofs, form })),
    )
    const [opened, ...more] = answers.filter(({ status }) => status === 200)
    assert.ok(opened)
    assert.equal(more.length, 0)
    for (const answer of answers)
      if (answer !== opened) assertNoToken(answer, 'invalid_dpop_proof', 'proof.replayed')
    assert.equal((await tasks(w)) - before, 1)
    assert.ok(await findTask(w.rooms.storage.read, String(opened.body.task_id)))
  })

  it('64 exchanges at once that share only the subject token, the assertion or the key: one task', async () => {
    const w = world()
    const before = await tasks(w)
    const statuses = async (each: () => Promise<{ status: number }>) =>
      (await Promise.all(Array.from({ length: 64 }, each))).filter(({ status }) => status === 200)
    const subjectToken = await w.idToken()
    assert.equal((await statuses(() => w.agent.ask({ scope: SCOPE, subjectToken }))).length, 1)
    const client_assertion = await w.agent.assertion()
    const tokens = await Promise.all(Array.from({ length: 16 }, () => w.idToken()))
    const next = () => tokens.pop() ?? ''
    const shared = await Promise.all(
      Array.from({ length: 16 }, () =>
        w.agent.ask({ scope: SCOPE, subjectToken: next() }, { form: { client_assertion } }),
      ),
    )
    assert.equal(shared.filter(({ status }) => status === 200).length, 1)
    const key = await newKey()
    const more = await Promise.all(Array.from({ length: 16 }, () => w.idToken()))
    const keyed = await Promise.all(
      more.map((token) => w.agent.ask({ scope: SCOPE, subjectToken: token, key })),
    )
    assert.equal(keyed.filter(({ status }) => status === 200).length, 1)
    assert.equal((await tasks(w)) - before, 3)
  })
})
