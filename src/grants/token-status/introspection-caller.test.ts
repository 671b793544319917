import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { jws, newKey } from '../../../test/signing.ts'
import { ISSUER, TOKEN_URL, worldsOver } from '../../calls/calls/testing.ts'
import { addClient, ClientAuthenticator } from '../../identity/machine-clients/index.ts'
import { clientWith, machinesOf } from '../../identity/machine-clients/testing.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { identifyIntrospector, type PresentedCaller } from './introspection-caller.ts'

const UNKNOWN = 'introspection.unauthenticated'
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

forEachEngine('a caller that asks about tokens', (open) => {
  const worlds = worldsOver(open)
  let made = 0

  async function begin(t?: TestContext) {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const machines = machinesOf(world.parts)
    const clients = new ClientAuthenticator({ ...machines, issuer: world.parts.issuer })
    const parts = { ...world.parts, clients }
    const identify = (presented: PresentedCaller | undefined) =>
      identifyIntrospector(parts, presented)
    const withSecret = async (...of: TypedClient) => {
      const { client, secret } = await clientWith(machines, `${of[0]}-${++made}`, ...of)
      return { id: client.id, presented: { kind: 'secret', secret } as const }
    }
    const agentWith = (over: object = {}) => ({
      ...({ kind: 'agent', assertion: world.assertion(), assertionType: JWT_BEARER } as const),
      ...{ method: 'POST', url: TOKEN_URL, origin: { ip: '192.0.2.7' }, proof: undefined },
      ...over,
    })
    return { agentWith, identify, machines, parts, withSecret, world }
  }

  type TypedClient =
    Parameters<typeof clientWith> extends [unknown, unknown, ...infer Rest] ? Rest : never

  async function causeOf(refused: Promise<unknown>): Promise<string | undefined> {
    let cause: unknown
    await assert.rejects(refused, (error: Problem) => {
      cause = error.cause
      return error.code === UNKNOWN
    })
    return cause instanceof Problem ? cause.code : undefined
  }

  test('a program may know of the tokens for its APIs, or of all, and never of task tokens', async () => {
    const { identify, withSecret } = await begin()
    const known = async (...of: TypedClient) => {
      const { id, presented } = await withSecret(...of)
      const caller = await identify(presented)
      assert.equal(caller.name, id)
      assert.ok(caller.view)
      return [undefined, 'orders', 'billing'].map((resource) =>
        caller.mayKnow({ resource, agentId: 'refund-bot' }),
      )
    }
    assert.deepEqual(await known('introspector', {}), [false, true, true])
    const one = { resources: ['orders'] }
    assert.deepEqual(await known('introspector', one), [false, true, false])
    assert.deepEqual(await known('pep', one), [false, true, false])
    assert.deepEqual(await known('pep', {}), [false, true, true])
  })

  test('an enforcement point with policies alone may know of no token', async () => {
    const { identify, withSecret } = await begin()
    const settings = { mode: 'policy-only', policySet: 'records' } as const
    const { presented } = await withSecret('pep', settings)
    const caller = await identify(presented)
    assert.equal(caller.mayKnow({ resource: 'orders', agentId: 'refund-bot' }), false)
  })

  test('an enforcer may know of the tokens for its API', async () => {
    const { identify, parts, withSecret } = await begin()
    await parts.storage.transaction((tx) =>
      tx.updateTable('resources').set({ mode: 'direct' }).where('name', '=', 'orders').execute(),
    )
    const { presented } = await withSecret('enforcer', { resource: 'orders' })
    const caller = await identify(presented)
    const [own, other] = ['orders', 'billing'].map((resource) =>
      caller.mayKnow({ resource, agentId: 'refund-bot' }),
    )
    assert.deepEqual([own, other], [true, false])
  })

  test('an agent may know of the tokens of its own tasks, and uses its credential up', async () => {
    const { agentWith, identify } = await begin()
    const presented = agentWith()
    const caller = await identify(presented)
    assert.deepEqual([caller.name, caller.view], ['refund-bot', undefined])
    for (const resource of [undefined, 'orders']) {
      assert.equal(caller.mayKnow({ resource, agentId: 'refund-bot' }), true)
      assert.equal(caller.mayKnow({ resource, agentId: 'other-bot' }), false)
    }
    assert.equal(await causeOf(identify(presented)), 'assertion.replayed')
  })

  test('a JWT that is signed by a machine client identifies that client', async () => {
    const { agentWith, identify, machines, world } = await begin()
    const key = await newKey()
    const id = `signer-${++made}`
    const by = 'psn_ada'
    const of = { id, kind: 'introspector', settings: {}, by } as const
    await addClient(machines, { ...of, jwk: key.publicJwk })
    const iat = Math.floor(world.parts.clock.now() / 1000)
    const claims = { iss: id, sub: id, aud: ISSUER, iat, exp: iat + 60, jti: `i${++made}` }
    const assertion = await jws(key, { typ: 'client-authentication+jwt' }, claims)
    const caller = await identify(agentWith({ assertion }))
    assert.equal(caller.name, id)
    assert.ok(caller.view)
    const unsigned = await jws(key, { typ: 'JWT' }, { ...claims, iss: 7 })
    assert.equal(
      await causeOf(identify(agentWith({ assertion: unsigned }))),
      'agent.unauthenticated',
    )
    const typed = agentWith({ assertion, assertionType: 'urn:example:other' })
    assert.equal(await causeOf(identify(typed)), 'agent.unauthenticated')
  })

  test('every other failure is told in the same words', async () => {
    const { agentWith, identify } = await begin()
    assert.equal(await causeOf(identify(undefined)), undefined)
    const secret = `int_${'A'.repeat(43)}`
    assert.equal(await causeOf(identify({ kind: 'secret', secret })), 'client.unauthenticated')
    const causes = [{ assertion: 'x' }, { assertion: undefined }, { assertion: 'a.b.c' }].map(
      (over) => causeOf(identify(agentWith(over))),
    )
    assert.deepEqual(await Promise.all(causes), [
      'token.malformed',
      'agent.unauthenticated',
      'token.malformed',
    ])
  })

  test('a failure of the server, and a refusal that the caller can mend with its next request, are told as they are', async (t) => {
    const { agentWith, parts } = await begin(t)
    for (const failure of [
      new Problem('server.failed', 'down'),
      new Error('down'),
      // The caller can mend these with its next request.
      new Problem('proof.nonce_required', 'prove it once more'),
      new Problem('attestation.invalid', 'show another one'),
    ]) {
      const clients = {
        authenticate: () => Promise.reject(failure),
        glance: () => Promise.reject(failure),
      }
      const asked = identifyIntrospector({ ...parts, clients }, { kind: 'secret', secret: 'x' })
      await assert.rejects(asked, failure)
    }
    await identifyIntrospector(parts, agentWith())
  })
})
