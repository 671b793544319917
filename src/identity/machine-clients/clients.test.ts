import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actBefore } from '../../../test/act-before.ts'
import { ORDERS_DOCUMENT, planImport, planOrders } from '../../catalog/catalog/testing.ts'
import { applyImport } from '../../catalog/catalog-changes/index.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { Live, ORGANIZATION } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine, timedBy } from '../../platform/storage/testing.ts'
import { findAgent, retireAgent } from '../agents/index.ts'
import { registered, testAgents } from '../agents/testing.ts'
import { ClientAuthenticator } from './authenticator.ts'
import { addClient, changeClient, removeClient } from './change-client.ts'
import { findClient, listClients } from './client-store.ts'
import { listCredentials } from './credential-store.ts'
import { CLIENT_KINDS, type ClientKind, type ClientRight } from './kinds.ts'
import type { PresentedClient } from './presented.ts'
import { endCredential, rotateSecret } from './rotate.ts'
import { advance, clientParts, clientWith, machinesOf } from './testing.ts'

const by = 'psn_ada'
const issuer = 'https://remit.example'
const UNAUTHENTICATED = { code: 'client.unauthenticated' }

async function world(storage: Storage) {
  const parts = await clientParts(storage)
  await storage.transaction((tx) => parts.live.begin(tx, ORGANIZATION))
  await applyImport(parts, planOrders(), by)
  const direct = { name: 'billing', identifier: 'http://127.0.0.1:9000', mode: 'direct' } as const
  await applyImport(parts, planImport(ORDERS_DOCUMENT, direct), by)
  return { parts, clients: new ClientAuthenticator({ ...parts, issuer }) }
}

function secret(text: string, name?: string): PresentedClient {
  return { kind: 'secret', secret: text, ...(name === undefined ? {} : { name }) }
}

/** Asks as an edge does: what is at hand first. */
async function whoAsks(
  clients: ClientAuthenticator,
  presented: PresentedClient | undefined,
  right: ClientRight = 'evaluations',
) {
  return clients.atHand(presented, right) ?? clients.authenticate(presented, right)
}

function typesOf(events: readonly { readonly type: string }[]): string[] {
  return events.map(({ type }) => type).filter((type) => type.startsWith('client.'))
}

forEachEngine('machine clients', (open) => {
  test('one is known by its secret, with its settings, and the store holds no secret', async () => {
    const { clients, parts } = await world(await open())
    const { secret: shown } = await clientWith(parts, 'edge', 'pep', { resources: ['orders'] })
    for (const presented of [secret(shown), secret(shown), secret(shown, 'edge')]) {
      const { client, view } = await clients.authenticate(presented, 'evaluations')
      assert.deepEqual([client.id, client.settings.mode], ['edge', 'task'])
      assert.deepEqual(client.settings.resources, ['orders'])
      const { namesTasks, properties, takes } = client.settings
      assert.equal(properties || namesTasks || takes, false, 'the least, unless said')
      assert.ok(parts.live.holds(view))
    }
    assert.equal(clients.atHand(secret(shown), 'evaluations')?.client.id, 'edge')
    const { read } = parts.storage
    assert.equal((await findClient(read, 'edge'))?.lastUsedAt, parts.clock.now())
    const [credential] = await listCredentials(read, 'edge')
    assert.equal(credential?.lastUsedAt, parts.clock.now())
    const rows = await read.selectFrom('client_credentials').selectAll().execute()
    const told = JSON.stringify([rows, parts.events])
    assert.ok(!told.includes(shown.slice(4)))
  })

  test('what is no secret of one in use is nobody, and neither is one under another name', async () => {
    const { clients, parts } = await world(await open())
    const { secret: whole } = await clientWith(parts, 'edge', 'pep', {})
    await clientWith(parts, 'other', 'pep', {})
    await whoAsks(clients, secret(whole))
    for (const presented of [
      undefined,
      secret(''),
      secret('pep_'),
      secret(whole.slice(4)),
      secret(`${whole}A`),
      secret(`pep_${'A'.repeat(43)}`),
      secret(`enf_${whole.slice(4)}`),
      secret(whole, 'other'),
      secret(whole, ''),
    ])
      await assert.rejects(whoAsks(clients, presented), UNAUTHENTICATED)
  })

  test('a client of one kind has the rights of that kind, and is nobody where others are asked for', async () => {
    const { clients, parts } = await world(await open())
    const secrets: Record<ClientKind, string> = {
      enforcer: (await clientWith(parts, 'billing-api', 'enforcer', { resource: 'billing' }))
        .secret,
      introspector: (await clientWith(parts, 'asker', 'introspector', {})).secret,
      pep: (await clientWith(parts, 'edge', 'pep', {})).secret,
      'signal-source': (await clientWith(parts, 'siem', 'signal-source', {})).secret,
      surface: (await clientWith(parts, 'chat', 'surface', { space: 'desk' })).secret,
    }
    const rights = ['calls', 'evaluations', 'introspection', 'signals', 'threads', 'transactions']
    for (const kind of Object.keys(secrets) as ClientKind[]) {
      // its own keys
      const has: readonly string[] = CLIENT_KINDS[kind].may
      const shown = secret(secrets[kind])
      for (const right of rights as ClientRight[]) {
        // all there are
        if (has.includes(right))
          assert.equal((await whoAsks(clients, shown, right)).client.kind, kind)
        else {
          await assert.rejects(whoAsks(clients, shown, right), UNAUTHENTICATED, `${kind} ${right}`)
          await assert.rejects(clients.glance(shown, right), UNAUTHENTICATED)
        }
      }
    }
  })

  test('while a secret rotates both count, until the time given, and then the newer alone', async () => {
    const { clients, parts } = await world(await open())
    const { secret: first } = await clientWith(parts, 'edge', 'pep', {})
    await whoAsks(clients, secret(first))
    const previousEndsAt = parts.clock.now() + HOUR
    const made = await rotateSecret(parts, { id: 'edge', by, previousEndsAt })
    const second = made.secret.reveal()
    for (const each of [first, second, first]) await whoAsks(clients, secret(each))
    advance(parts.clock, HOUR - 1)
    await parts.live.renew()
    for (const each of [first, second]) await whoAsks(clients, secret(each))
    advance(parts.clock, 1)
    await parts.live.renew()
    await assert.rejects(whoAsks(clients, secret(first)), UNAUTHENTICATED)
    await whoAsks(clients, secret(second))
  })

  test('without a time the older secret ends at once, and never are three of them valid', async () => {
    const { clients, parts } = await world(await open())
    const { secret: first } = await clientWith(parts, 'edge', 'pep', {})
    await whoAsks(clients, secret(first))
    const second = (await rotateSecret(parts, { id: 'edge', by })).secret.reveal()
    await assert.rejects(whoAsks(clients, secret(first)), UNAUTHENTICATED)
    const later = { id: 'edge', by, previousEndsAt: parts.clock.now() + HOUR }
    const third = (await rotateSecret(parts, later)).secret.reveal()
    const fourth = (await rotateSecret(parts, later)).secret.reveal()
    await assert.rejects(whoAsks(clients, secret(second)), UNAUTHENTICATED)
    for (const each of [third, fourth]) await whoAsks(clients, secret(each))
    for (const wrong of [parts.clock.now() - 1, parts.clock.now() + 31 * 24 * HOUR, Number.NaN])
      await assert.rejects(rotateSecret(parts, { ...later, previousEndsAt: wrong }), {
        code: 'client.bad_rotation',
      })
  })

  test('a secret that was ended is not brought back by a rotation', async () => {
    const { clients, parts } = await world(await open())
    const { secret: first } = await clientWith(parts, 'edge', 'pep', {})
    const [credential] = await listCredentials(parts.storage.read, 'edge')
    assert.ok(credential)
    await endCredential(parts, { id: 'edge', credential: credential.id, by })
    await rotateSecret(parts, { id: 'edge', by, previousEndsAt: parts.clock.now() + HOUR })
    await assert.rejects(whoAsks(clients, secret(first)), UNAUTHENTICATED)
    const again = endCredential(parts, { id: 'edge', credential: credential.id, by })
    await assert.rejects(again, { code: 'client.unknown_credential' })
  })

  test('what was kept never outlives a removal, other settings, or an ended credential', async () => {
    const { clients, parts } = await world(await open())
    const added = await addClient(parts, {
      id: 'edge',
      kind: 'pep',
      by,
      settings: { namesTasks: true },
    })
    const previousEndsAt = parts.clock.now() + HOUR
    const second = await rotateSecret(parts, { id: 'edge', by, previousEndsAt })
    const [one, two] = [secret(added.secret?.reveal() ?? ''), secret(second.secret.reveal())]
    const before = await clients.authenticate(one, 'evaluations')
    assert.equal(before.client.settings.namesTasks, true)
    await whoAsks(clients, two)

    await changeClient(parts, { id: 'edge', kind: 'pep', by, settings: {} })
    assert.equal(parts.live.holds(before.view), false, 'an answer under way is not given')
    const after = await clients.authenticate(one, 'evaluations')
    assert.equal(after.client.settings.namesTasks, false)

    await endCredential(parts, { id: 'edge', credential: added.credential.id, by })
    await assert.rejects(whoAsks(clients, one), UNAUTHENTICATED)
    await whoAsks(clients, two)

    await removeClient(parts, { id: 'edge', by })
    await assert.rejects(whoAsks(clients, two), UNAUTHENTICATED)
    await assert.rejects(removeClient(parts, { id: 'edge', by }), { code: 'client.unknown' })
    await assert.rejects(rotateSecret(parts, { id: 'edge', by }), { code: 'client.unknown' })
    const taken = { id: 'edge', kind: 'signal-source', settings: {}, by } as const
    await assert.rejects(addClient(parts, taken), { code: 'client.exists' })
    assert.deepEqual(typesOf(parts.events), [
      'client.added',
      'client.credential_added',
      'client.changed',
      'client.credential_ended',
      'client.removed',
    ])
  })

  test('a secret that ends between the look and the view that watches over it is nobody', async () => {
    const { parts } = await world(await open())
    const {
      client,
      credential,
      secret: shown,
    } = await addClient(parts, {
      ...{ id: 'edge', kind: 'pep', settings: {}, by },
    })
    const { hasActed, wrapped } = actBefore(parts.live, {
      before: ['view'],
      act: () => endCredential(parts, { id: client.id, credential: credential.id, by }),
    })
    const clients = new ClientAuthenticator({ ...parts, live: wrapped, issuer })
    const presented = secret(shown?.reveal() ?? '')
    await assert.rejects(clients.authenticate(presented, 'evaluations'), UNAUTHENTICATED)
    assert.ok(hasActed())
  })

  test('and agents share their names: nobody is both, in whatever order or at once', async () => {
    const { ada, parts: made } = await testAgents(await open())
    const parts = machinesOf(made)
    const agent = (name: string) => registered(parts, ada, { name })
    const client = (id: string) => addClient(parts, { id, kind: 'signal-source', settings: {}, by })
    const [isAgent, isClient] = [{ code: 'client.exists' }, { code: 'agent.exists' }]

    await agent('siem')
    await assert.rejects(client('siem'), isAgent)
    await retireAgent(parts, { agentId: 'siem', by, reason: 'replaced' })
    await assert.rejects(client('siem'), isAgent)

    await client('edge')
    await assert.rejects(agent('edge'), isClient)
    await removeClient(parts, { id: 'edge', by })
    await assert.rejects(agent('edge'), isClient)
    assert.equal(await findAgent(parts.storage.read, 'edge'), undefined)

    for (let i = 0; i < 8; i++) {
      const both = await Promise.allSettled([agent(`both-${i}`), client(`both-${i}`)])
      const refused = both.filter((each) => each.status === 'rejected')
      assert.equal(refused.length, 1, `${i}`)
      assert.match(refused[0]?.reason.code, /^(?:agent|client)\.exists$/)
    }
  })

  test('a removal on one replica ends what another one kept', async () => {
    const { clients, parts } = await world(await open())
    const { secret: made } = await clientWith(parts, 'edge', 'pep', {})
    const presented = secret(made)
    const { clock, storage } = parts
    const other = new Live({ storage: timedBy(storage, clock), clock, random: systemRandom })
    await other.renew()
    const elsewhere = new ClientAuthenticator({ storage, clock, issuer, live: other })
    const known = await whoAsks(elsewhere, presented)
    // It answers when the other has acknowledged, which it does with its next renewal.
    await Promise.all([removeClient(parts, { id: 'edge', by }), renewSoon(other, storage)])
    assert.equal(other.holds(known.view), false)
    await assert.rejects(whoAsks(elsewhere, presented), UNAUTHENTICATED)
    await assert.rejects(whoAsks(clients, presented), UNAUTHENTICATED)
  })

  test('settings that mean nothing where they stand, or name what is not there, are refused', async () => {
    const { parts } = await world(await open())
    for (const settings of [
      { resources: ['nothing'] },
      { policySet: 'records' },
      { mode: 'policy-only' },
      { mode: 'policy-only', policySet: 'nothing' },
      { mode: 'policy-only', policySet: 'records', namesTasks: true },
    ] as const)
      await assert.rejects(addClient(parts, { id: 'edge', kind: 'pep', by, settings }), {
        code: 'client.bad_settings',
      })
    const surface = { id: 'chat', kind: 'surface', by } as const
    for (const settings of [
      {},
      ...[59_999, 86_400_001, 0.5].map((silentAfter) => ({ space: 'desk', silentAfter })),
    ])
      await assert.rejects(addClient(parts, { ...surface, settings }), {
        code: 'client.bad_settings',
      })
    await assert.rejects(addClient(parts, { ...surface, settings: { space: 'nowhere' } }), {
      code: 'space.unknown',
    })
    const asker = {
      id: 'asker',
      kind: 'introspector',
      by,
      settings: { resources: ['nothing'] },
    } as const
    await assert.rejects(addClient(parts, asker), { code: 'client.bad_settings' })
    for (const id of ['Edge', 'a', 'edge/credentials', ''])
      await assert.rejects(addClient(parts, { id, kind: 'pep', by, settings: {} }), {
        code: 'client.bad_settings',
      })
    assert.deepEqual(await listClients(parts.storage.read, { limit: 10 }), [])
  })

  test('only an API that is called directly has an enforcer, which stays that of its API', async () => {
    const { clients, parts } = await world(await open())
    const enforcer = { kind: 'enforcer', by } as const
    await assert.rejects(
      addClient(parts, { ...enforcer, id: 'no', settings: { resource: 'orders' } }),
      {
        code: 'client.not_direct',
      },
    )
    await assert.rejects(
      addClient(parts, { ...enforcer, id: 'no', settings: { resource: 'nothing' } }),
      {
        code: 'catalog.unknown_resource',
      },
    )
    const { secret: shown } = await clientWith(parts, 'billing-api', 'enforcer', {
      resource: 'billing',
    })
    const other = { ...enforcer, id: 'billing-api', settings: { resource: 'billing' } }
    await assert.rejects(changeClient(parts, other), { code: 'client.bad_settings' })
    const known = await clients.authenticate(secret(shown), 'calls')
    assert.deepEqual([known.client.id, known.client.settings.resource], ['billing-api', 'billing'])
  })

  test('a signal source authenticates as long as it is in use', async () => {
    const { clients, parts } = await world(await open())
    const { secret: shown } = await clientWith(parts, 'siem', 'signal-source', {})
    assert.equal((await whoAsks(clients, secret(shown), 'signals')).client.id, 'siem')
    for (const wrong of ['', 'sgs_', `${shown}x`, 'enf_AAAA'])
      await assert.rejects(whoAsks(clients, secret(wrong), 'signals'), UNAUTHENTICATED)
    await assert.rejects(whoAsks(clients, undefined, 'signals'), UNAUTHENTICATED)
    const source = { kind: 'signal-source', settings: {}, by } as const
    await assert.rejects(addClient(parts, { ...source, id: 'siem' }), { code: 'client.exists' })
    const unnamed = addClient(parts, { ...source, id: 'No Name' })
    await assert.rejects(unnamed, { code: 'client.bad_settings' })
    await removeClient(parts, { id: 'siem', by })
    await assert.rejects(whoAsks(clients, secret(shown), 'signals'), UNAUTHENTICATED)
    await assert.rejects(removeClient(parts, { id: 'siem', by }), { code: 'client.unknown' })
  })

  test('all are listed page by page, by kind and by what they are for, removed ones too', async () => {
    const { parts } = await world(await open())
    await clientWith(parts, 'siem', 'signal-source', {})
    await clientWith(parts, 'chat', 'surface', { space: 'desk' })
    await clientWith(parts, 'billing-api', 'enforcer', { resource: 'billing' })
    await removeClient(parts, { id: 'siem', by })
    const { read } = parts.storage
    const names = async (query: Parameters<typeof listClients>[1]) =>
      (await listClients(read, query)).map(({ id }) => id)
    assert.deepEqual(await names({ limit: 9 }), ['billing-api', 'chat', 'siem'])
    assert.deepEqual(await names({ limit: 1, after: 'billing-api' }), ['chat'])
    assert.deepEqual(await names({ limit: 9, kind: 'signal-source' }), ['siem'])
    assert.deepEqual(await names({ limit: 9, target: 'desk' }), ['chat'])
    assert.deepEqual(await names({ limit: 9, kind: 'enforcer', target: 'orders' }), [])
  })

  test('when a surface was heard of is durable each time; of others a write per minute is enough', async () => {
    const { clients, parts } = await world(await open())
    const surface = await clientWith(parts, 'chat', 'surface', { space: 'desk' })
    const pep = await clientWith(parts, 'edge', 'pep', {})
    const begun = parts.clock.now()
    for (let second = 1; second <= 3; second++) {
      advance(parts.clock, 1_000)
      const heard = await whoAsks(clients, secret(surface.secret), 'threads')
      assert.equal(heard.client.lastUsedAt, parts.clock.now())
      await whoAsks(clients, secret(pep.secret))
      const { read } = parts.storage
      assert.equal((await findClient(read, 'chat'))?.lastUsedAt, begun + second * 1_000)
      assert.equal((await findClient(read, 'edge'))?.lastUsedAt, begun + 1_000)
    }
  })
})

/** Renews until the change has been seen: what the loop of a replica does. */
async function renewSoon(live: Live, storage: Storage): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    await live.renew()
    const rows = await storage.read.selectFrom('clients').select('removed_at').execute()
    if (rows.some(({ removed_at }) => removed_at !== null)) break
  }
  await live.renew()
}
