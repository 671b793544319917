import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jws, newKey, type TestKey } from '../../../test/signing.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { ORGANIZATION } from '../../platform/revocation/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { ClientAuthenticator } from './authenticator.ts'
import { addClient } from './change-client.ts'
import { clientKey } from './client.ts'
import { findClient } from './client-store.ts'
import { addClientKey, rotateSecret } from './rotate.ts'
import { advance, clientParts, clientWith } from './testing.ts'

const by = 'psn_ada'
const issuer = 'https://remit.example'
const UNAUTHENTICATED = { code: 'client.unauthenticated' }

forEachEngine('the authentication of a machine client', (open) => {
  async function begin() {
    const storage = await open()
    const parts = await clientParts(storage)
    await storage.transaction((tx) => parts.live.begin(tx, ORGANIZATION))
    const { secret } = await clientWith(parts, 'edge', 'pep', {})
    const presented = { kind: 'secret', secret } as const
    /** Authenticator whose live states are read in another way. */
    const over = (live: Partial<Pick<typeof parts.live, 'view' | 'viewAtHand'>>) =>
      new ClientAuthenticator({
        ...{ storage, clock: parts.clock, issuer },
        live: {
          view: live.view ?? parts.live.view.bind(parts.live),
          viewAtHand: live.viewAtHand ?? parts.live.viewAtHand.bind(parts.live),
        },
      })
    let made = 0
    const signed = async (key: TestKey, header: object = {}, iss = 'edge') => {
      const iat = Math.floor(parts.clock.now() / 1000)
      const claims = { iss, sub: iss, aud: issuer, iat, exp: iat + 60, jti: `j${made++}` }
      const typ = 'client-authentication+jwt'
      return { kind: 'assertion', jwt: await jws(key, { typ, ...header }, claims) } as const
    }
    return { clients: over({}), over, parts, presented, signed, storage }
  }

  /** Words of the true reason, which only the log has. */
  async function causeOf(refused: Promise<unknown>): Promise<string> {
    let cause: unknown
    await assert.rejects(refused, (error: Problem) => {
      cause = error.cause
      return error.code === UNAUTHENTICATED.code
    })
    assert.ok(cause instanceof Problem)
    return cause.detail
  }

  test('a failure of the server is told as that, whatever was shown', async () => {
    const { over, presented, signed } = await begin()
    const shown = [presented, await signed(await newKey())]
    for (const failure of [new Problem('server.failed', 'down'), new Error('down')])
      for (const each of shown) {
        const clients = over({ view: () => Promise.reject(failure) })
        await assert.rejects(clients.authenticate(each, 'evaluations'), failure)
        await assert.rejects(clients.glance(each, 'evaluations'), failure)
      }
  })

  test('the log has the true reason', async () => {
    const { clients, presented, signed } = await begin()
    const because = (shown: Parameters<typeof clients.authenticate>[0], right = 'evaluations') =>
      causeOf(clients.authenticate(shown, right as 'evaluations')) // as: every right is refused alike
    assert.equal(await because(undefined), 'no credential was shown')
    const words = '`edge` is a client of the kind pep, which has no right to signals'
    assert.equal(await because(presented, 'signals'), words)
    assert.equal(await because({ ...presented, secret: 'x' }), 'this is no secret of ours')
    const other = `pep_${'A'.repeat(43)}`
    assert.equal(await because({ ...presented, secret: other }), 'the secret is not known')
    const named = { ...presented, name: 'other' }
    assert.equal(await because(named), 'the secret is of another client')
    const stranger = await signed(await newKey(), {}, 'nobody')
    assert.equal(await because(stranger), 'there is no client `nobody` in use')
    const unknown = await signed(await newKey())
    assert.equal(await because(unknown), '`edge` has no key that fits the assertion')
  })

  test('a client is found by its secret once, and known by its live states after that', async () => {
    const { parts, presented, storage } = await begin()
    let reads = 0
    const counting = new Proxy(storage, {
      get(target, name) {
        if (name === 'read') reads += 1
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const clients = new ClientAuthenticator({ ...parts, storage: counting, issuer })
    await clients.authenticate(presented, 'evaluations')
    const first = reads
    assert.ok(first > 0)
    await clients.glance(presented, 'evaluations')
    assert.equal(reads, first)
  })

  test('a client that is dead by its live state is nobody, also where its epoch is the same', async () => {
    const { over, parts, presented } = await begin()
    const { live } = parts
    let isDead = false
    const asDead = async (keys: Parameters<typeof live.view>[0]) => {
      const view = await live.view(keys)
      const dead = view.states.filter(({ kind }) => kind === 'client')
      return isDead ? { ...view, dead } : view
    }
    const clients = over({
      view: asDead,
      viewAtHand: (keys) => {
        const view = live.viewAtHand(keys)
        const dead = view?.states.filter(({ kind }) => kind === 'client') ?? []
        return view && (isDead ? { ...view, dead } : view)
      },
    })
    await clients.authenticate(presented, 'evaluations')
    assert.ok(clients.atHand(presented, 'evaluations'))
    isDead = true
    assert.equal(clients.atHand(presented, 'evaluations'), undefined)
    await assert.rejects(clients.authenticate(presented, 'evaluations'), UNAUTHENTICATED)
  })

  test('a client that was removed is nobody, also where its live state is late', async () => {
    const { over, parts, presented, signed, storage } = await begin()
    const key = await newKey()
    await addClientKey(parts, { id: 'edge', by, jwk: key.publicJwk })
    await storage.transaction((tx) =>
      tx.updateTable('clients').set({ removed_at: 1 }).where('id', '=', 'edge').execute(),
    )
    const clients = over({
      view: async (keys) => ({ ...(await parts.live.view(keys)), dead: [] }),
    })
    for (const shown of [presented, await signed(key)])
      await assert.rejects(clients.authenticate(shown, 'evaluations'), UNAUTHENTICATED)
  })

  test('of several keys an assertion names one; a secret beside a key is none of them', async () => {
    const { clients, parts, signed } = await begin()
    const [one, two] = [await newKey(), await newKey()]
    await addClientKey(parts, { id: 'edge', by, jwk: one.publicJwk })
    await clients.authenticate(await signed(one), 'evaluations')
    await addClientKey(parts, { id: 'edge', by, jwk: two.publicJwk })
    for (const key of [one, two]) {
      const unnamed = clients.authenticate(await signed(key), 'evaluations')
      await assert.rejects(unnamed, UNAUTHENTICATED)
      const named = await signed(key, { kid: key.thumbprint })
      await clients.authenticate(named, 'evaluations')
    }
  })

  test('a change of the organization is no change of the client', async () => {
    const { clients, parts, presented, storage } = await begin()
    await clients.authenticate(presented, 'evaluations')
    assert.ok(clients.atHand(presented, 'evaluations'))
    const change = await storage.transaction((tx) => parts.live.raise(tx, [ORGANIZATION]))
    await parts.live.settle(change)
    await parts.live.view([ORGANIZATION, clientKey('edge')])
    assert.ok(clients.atHand(presented, 'evaluations'))
  })

  test('a client is known while the organization is stopped, and its view says that it is', async () => {
    const { clients, over, parts, presented, storage } = await begin()
    await clients.authenticate(presented, 'evaluations')
    const stopped = { ...ORGANIZATION, state: 'suspended' } as const
    const change = await storage.transaction((tx) => parts.live.raise(tx, [stopped]))
    await parts.live.settle(change)
    for (const each of [clients, over({})]) {
      const { client, view } = await each.authenticate(presented, 'evaluations')
      assert.equal(client.id, 'edge')
      assert.deepEqual(
        view.dead.map(({ kind }) => kind),
        ['organization'],
      )
      assert.equal(each.atHand(presented, 'evaluations')?.client.id, 'edge')
    }
  })

  test('a client was used when the latest of its credentials was', async () => {
    const { clients, over, parts, presented } = await begin()
    const previousEndsAt = parts.clock.now() + HOUR
    const { secret } = await rotateSecret(parts, { id: 'edge', by, previousEndsAt })
    const other = { kind: 'secret', secret: secret.reveal() } as const
    await clients.authenticate(presented, 'evaluations')
    advance(parts.clock, 50_000)
    await parts.live.renew()
    await clients.authenticate(other, 'evaluations')
    const latest = parts.clock.now()
    advance(parts.clock, 5_000)
    await parts.live.renew()
    const { client } = await over({}).authenticate(presented, 'evaluations')
    assert.equal(client.lastUsedAt, latest)
  })

  test('the use of a client is written at once, and then once a minute', async () => {
    const { clients, parts, presented, storage } = await begin()
    const used = async () => (await findClient(storage.read, 'edge'))?.lastUsedAt
    const begun = parts.clock.now()
    for (const [after, written] of [
      [0, 0],
      [59_999, 0],
      [1, 60_000],
      [1, 60_000],
      [59_999, 120_000],
    ] as const) {
      advance(parts.clock, after)
      await parts.live.renew()
      const { client } = await clients.authenticate(presented, 'evaluations')
      assert.equal(await used(), begun + written)
      assert.equal(client.lastUsedAt, begun + written)
    }
  })

  test('a server that starts goes on from what others have written', async () => {
    const { clients, over, parts, presented, storage } = await begin()
    await clients.authenticate(presented, 'evaluations')
    const begun = parts.clock.now()
    advance(parts.clock, 30_000)
    await over({}).authenticate(presented, 'evaluations')
    assert.equal((await findClient(storage.read, 'edge'))?.lastUsedAt, begun)
  })

  test('a client whose right is another is not at hand', async () => {
    const { clients, parts, presented } = await begin()
    await clients.authenticate(presented, 'evaluations')
    assert.equal(clients.atHand(presented, 'signals'), undefined)
    const { secret } = await addClient(parts, {
      ...{ id: 'chat', kind: 'surface', by, settings: { space: 'desk' } },
    })
    const surface = { kind: 'secret', secret: secret?.reveal() ?? '' } as const
    await clients.authenticate(surface, 'threads')
    assert.equal(clients.atHand(surface, 'threads'), undefined, 'each use is written')
  })
})
