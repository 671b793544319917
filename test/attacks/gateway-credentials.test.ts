import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ProblemCode } from '../../src/platform/lib/problem.ts'
import type { CallOptions, OpenTask } from '../agent.ts'
import { assertDenied, assertRefused, assertUnidentified } from '../refusals.ts'
import { jws, newKey, seconds, type TestKey, tampered, unsecured } from '../signing.ts'
import { send } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'

const PATH = '/echo/things/1'

/** Calls as always, with one thing wrong. */
async function attempt(
  w: World,
  task: OpenTask,
  calling: CallOptions = {},
  method = 'GET',
  path = PATH,
) {
  const token = calling.token ?? (await w.agent.token(task, `${w.gateway}/echo`))
  return w.agent.call(task, method, path, { token, ...calling })
}

/**
 * Asserts that the call is refused for this reason, with a challenge, and that nothing of it reaches
 * the API. Nobody knows whose a bad token is; a bad proof comes with a token that says so.
 */
async function refusedWith(
  w: World,
  code: ProblemCode,
  task: OpenTask,
  calling: CallOptions,
  hint = '',
) {
  const before = w.echo.connections + w.echo.reached.length
  const answer = await attempt(w, task, calling)
  const assertOne = code.startsWith('token.') ? assertUnidentified : assertDenied
  assertOne(answer, code, hint)
  assert.equal(answer.status, 401)
  assert.match(String(answer.headers['www-authenticate']), /^DPoP .*resource_metadata="/, hint)
  assert.equal(w.echo.connections + w.echo.reached.length, before, `${hint}: nothing was sent`)
}

inOneWorld('credentials at the gateway', (world) => {
  let task: OpenTask
  let other: OpenTask

  it('the good call goes through, so that what follows is refused for its own reason', async () => {
    const w = world()
    task = await w.open()
    other = await w.open()
    assert.equal((await attempt(w, task)).status, 200)
  })

  it('no token: challenged, with where to get one', async () => {
    const w = world()
    const answer = await send(w.gateway + PATH)
    assertRefused(answer, 'token.missing')
    assert.match(
      String(answer.headers['www-authenticate']),
      /^DPoP resource_metadata="[^"]+", algs=/,
    )
  })

  it('a token that is no token, cut short, extended, or changed by one byte', async () => {
    const w = world()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    for (const bad of ['x', 'a.b.c', token.slice(0, -1), `${token}A`, token.slice(1)])
      await refusedWith(w, 'token.malformed', task, { token: bad }, bad.slice(0, 20)).catch(
        (error) => {
          // Some changes leave it readable; then the signature says no.
          if (!/bad_signature/.test(String(error))) throw error
        },
      )
    const wider = tampered(token, { claims: { authorization_details: [] } })
    await refusedWith(w, 'token.bad_signature', task, { token: wider })
    await refusedWith(w, 'token.malformed', task, { token: unsecured(token) })
    for (const alg of ['none', 'HS256', 'EdDSA', 'es256', ''])
      await refusedWith(w, 'token.wrong_algorithm', task, {
        token: tampered(token, { header: { alg } }),
      })
    const otherKey = tampered(token, { header: { kid: 'unknown' } })
    await refusedWith(w, 'token.unknown_key', task, { token: otherKey })
  })

  it('a token that we signed for something else: task token, transaction token, other resource', async () => {
    const w = world()
    await refusedWith(w, 'token.wrong_audience', task, { token: task.token })
    const orders = await w.agent.token(task, w.orders)
    await refusedWith(w, 'token.wrong_audience', task, { token: orders })
    let transaction = ''
    await w.trustEcho()
    w.echo.answer = (request, reply) => {
      transaction = String(request.headers['txn-token'])
      reply.end()
    }
    assert.equal((await attempt(w, task)).status, 200)
    await refusedWith(w, 'token.wrong_type', task, { token: transaction })
  })

  it('an ID token, a proof and an assertion are no access tokens', async () => {
    const w = world()
    const url = w.gateway + PATH
    for (const [token, code] of [
      [await w.idToken(), 'token.wrong_type'],
      [await w.agent.proof(task.key, { method: 'GET', url }), 'token.wrong_type'],
      [await w.agent.assertion(), 'token.wrong_type'],
    ] as const)
      await refusedWith(w, code, task, { token })
  })

  it('D4: a bound token as Bearer, with or without a proof', async () => {
    const w = world()
    await refusedWith(w, 'token.wrong_scheme', task, { scheme: 'Bearer', proofs: [] })
    await refusedWith(w, 'token.wrong_scheme', task, { scheme: 'Bearer' })
    await refusedWith(w, 'token.missing', task, { scheme: 'Basic' })
  })

  it('no proof, two proofs, or something that is none', async () => {
    const w = world()
    await refusedWith(w, 'proof.missing', task, { proofs: [] })
    await refusedWith(w, 'proof.malformed', task, { proofs: ['nonsense'] })
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const proof = () => w.agent.proof(task.key, { method: 'GET', url: w.gateway + PATH, token })
    const twice = await attempt(w, task, { token, proofs: [await proof(), await proof()] })
    assertRefused(twice, 'request.bad_header')
    const joined = `${await proof()}, ${await proof()}`
    await refusedWith(w, 'proof.malformed', task, { token, proofs: [joined] })
  })

  it('a proof that was used: at the gateway, and at Remit, and by a call that was refused', async () => {
    const w = world()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const proof = await w.agent.proof(task.key, { method: 'GET', url: w.gateway + PATH, token })
    assert.equal((await attempt(w, task, { token, proofs: [proof] })).status, 200)
    await refusedWith(w, 'proof.replayed', task, { token, proofs: [proof] })
    // A token that does not hold identifies nobody: nothing of a stranger is kept, not even the proof.
    const refused = await w.agent.proof(task.key, {
      method: 'GET',
      url: w.gateway + PATH,
      token: task.token,
    })
    await refusedWith(w, 'token.wrong_audience', task, { token: task.token, proofs: [refused] })
    await refusedWith(w, 'token.wrong_audience', task, { token: task.token, proofs: [refused] })
  })

  it('D3: a proof for another method, address, query, token, time or key', async () => {
    const w = world()
    const at = (url: string) => ({ proof: { claims: { htu: url } } })
    const { gateway } = w
    for (const method of ['POST', 'get', 'GET ', '', 1, undefined])
      await refusedWith(
        w,
        'proof.wrong_request',
        task,
        { proof: { claims: { htm: method } } },
        String(method),
      )
    for (const url of [
      `${gateway}/echo/things/2`,
      `${gateway}/echo/things/1/`,
      `${gateway}/echo/things/%31`,
      `${gateway}/echo/./things/1`,
      `${gateway}/ECHO/things/1`,
      `${gateway.replace('http:', 'https:')}${PATH}`,
      `${gateway.replace('127.0.0.1', 'localhost')}${PATH}`,
      `${gateway}0${PATH}`,
      `${gateway}@evil.example${PATH}`,
      `${w.issuer}${PATH}`,
      `${gateway}${PATH}/?a=1`,
      `${gateway}/?${PATH}`,
      PATH,
      '',
    ])
      await refusedWith(w, 'proof.wrong_request', task, at(url), url)
    for (const url of [1, null, {}, [`${gateway}${PATH}`]])
      await refusedWith(w, 'proof.wrong_request', task, { proof: { claims: { htu: url } } })
    for (const ath of [undefined, '', 'x', 1])
      await refusedWith(w, 'proof.wrong_token', task, { proof: { claims: { ath } } }, String(ath))
    const now = seconds(w.clock)
    for (const iat of [now - 61, now + 20])
      await refusedWith(w, 'proof.not_now', task, { proof: { claims: { iat } } }, String(iat - now))
    await refusedWith(w, 'proof.not_now', task, { proof: { claims: { iat: -1 } } })
    for (const iat of [undefined, String(now), now + 0.5, 1e308])
      await refusedWith(w, 'proof.malformed', task, { proof: { claims: { iat } } }, String(iat))
    for (const jti of [undefined, '', 1, 'x'.repeat(129)])
      await refusedWith(
        w,
        'proof.malformed',
        task,
        { proof: { claims: { jti } } },
        String(jti).slice(0, 5),
      )
    await refusedWith(
      w,
      'proof.wrong_key',
      { ...task, key: await newKey() },
      {
        token: await w.agent.token(task, `${gateway}/echo`),
      },
    )
    await refusedWith(w, 'proof.bad_signature', task, { proof: { signer: await newKey() } })
  })

  it('a proof with another type, algorithm or key in its header', async () => {
    const w = world()
    const header = (members: object) => ({ proof: { header: { ...members } } })
    for (const typ of ['JWT', 'at+jwt', undefined, 'dpop+jwt ', 1])
      await refusedWith(w, 'proof.malformed', task, header({ typ }), String(typ))
    for (const jwk of [
      undefined,
      null,
      'x',
      task.key.privateJwk,
      { kty: 'oct', k: 'AAAA' },
      { ...task.key.publicJwk, x5u: 'https://evil.example' },
      { ...task.key.publicJwk, crv: 'P-384' },
      { ...task.key.publicJwk, y: task.key.publicJwk.x },
    ])
      await refusedWith(w, 'proof.bad_key', task, header({ jwk }), JSON.stringify(jwk))
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const proof = await w.agent.proof(task.key, { method: 'GET', url: w.gateway + PATH, token })
    await refusedWith(w, 'proof.malformed', task, { token, proofs: [unsecured(proof)] }, 'none')
    const crit = await w.agent.proof(
      task.key,
      { method: 'GET', url: w.gateway + PATH, token },
      { header: { b64: true, crit: ['b64'] } },
    )
    await refusedWith(w, 'proof.malformed', task, { token, proofs: [crit] }, 'crit')
  })

  it('a token of another task, with either key', async () => {
    const w = world()
    const foreign = await w.agent.token(other, `${w.gateway}/echo`)
    await refusedWith(w, 'proof.wrong_key', task, { token: foreign })
    // The other way round it is simply the other task's own call.
    assert.equal((await attempt(w, other, { token: foreign })).status, 200)
  })

  it('a token that somebody else signed with the key id of ours', async () => {
    const w = world()
    const attacker = await newKey()
    const forged = await forge(w, task, attacker)
    await refusedWith(w, 'token.bad_signature', task, { token: forged })
  })

  it('an expired token', async () => {
    const w = world()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    w.clock.advance(300_000)
    await refusedWith(w, 'token.expired', task, { token })
  })
})

async function forge(w: World, task: OpenTask, key: TestKey): Promise<string> {
  const token = await w.agent.token(task, `${w.gateway}/echo`)
  const [header = '', claims = ''] = token.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  return jws(key, read(header), read(claims))
}
