import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { CEILING, keyPair, testAgents } from '../../../identity/agents/testing.ts'
import { addAdmissionRule } from '../../../identity/client-metadata/index.ts'
import { keepRegistration, protocolRecords } from '../../../identity/opaque-tokens/index.ts'
import { manualClock } from '../../../platform/lib/clock.ts'
import { Problem, type ProblemCode } from '../../../platform/lib/problem.ts'
import { systemRandom } from '../../../platform/lib/random.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { type RegistrationPorts, registrationEndpoint, UNUSED_SECONDS } from './register.ts'

function request(over: object = {}, headers: Record<string, string> = {}): IncomingMessage {
  const body = JSON.stringify({ redirect_uris: ['http://localhost/callback'], ...over })
  const message = Readable.from([Buffer.from(body)])
  const sent = { 'content-type': 'application/json', ...headers }
  const rawHeaders = Object.entries(sent).flat()
  const head = { method: 'POST', headers: sent, rawHeaders }
  return Object.assign(message, head) as unknown as IncomingMessage // all that is looked at
}

function begin(storage: Storage, { mostUnused, ...policy }: Partial<RegistrationPorts> = {}) {
  const clock = manualClock()
  const kept = protocolRecords({ storage, clock })
  const about = { issuer: 'https://remit.example', storage, registration: 'open' } as const
  const ports = { ...about, records: kept, clock, random: systemRandom, ...policy }
  return {
    clock,
    register: (over: object = {}, headers: Record<string, string> = {}) =>
      registrationEndpoint(request(over, headers), {
        ...ports,
        ...(mostUnused ? { mostUnused } : {}),
      }),
    knows: async (id: string) => (await kept.find('Client', id)) !== undefined,
    forget: () => kept.forget(),
  }
}

const isFull = (error: unknown) =>
  error instanceof Problem && error.code === 'registration.too_many'

forEachEngine('registrations', (open) => {
  test('one that nobody uses is forgotten after a week, one that became an agent stays', async () => {
    const storage = await open()
    const { clock, forget, knows, register } = begin(storage)
    const [unused, used] = [await register(), await register()]
    await storage.transaction((tx) => keepRegistration(tx, used.client_id))
    clock.advance(UNUSED_SECONDS * 1000 - 1)
    assert.ok(await knows(unused.client_id))
    clock.advance(2)
    await forget()
    assert.deepEqual([await knows(unused.client_id), await knows(used.client_id)], [false, true])
  })

  test('share their commits: strangers who register many do not keep calls from being written', async () => {
    const storage = await open()
    const transaction = () => assert.fail('a turn of its own')
    const { client_id } = await begin({ ...storage, transaction }).register()
    assert.ok(await begin(storage).knows(client_id))
  })

  test('so many wait and no more; who waits an hour makes room, and agents take none', async () => {
    const storage = await open()
    const { clock, knows, register } = begin(storage, { mostUnused: 3 })
    const agent = await register()
    await storage.transaction((tx) => keepRegistration(tx, agent.client_id))
    const old = await register()
    clock.advance(HOUR + 1)
    const young = [await register(), await register()]
    // The room is full: the old one goes, and nobody else.
    const next = await register()
    assert.equal(await knows(old.client_id), false)
    for (const { client_id } of [agent, ...young, next]) assert.ok(await knows(client_id))
    await assert.rejects(register(), isFull)
    clock.advance(HOUR + 1)
    await register()
    assert.ok(await knows(agent.client_id))
  })

  test('no two get the same name', async () => {
    const { register } = begin(await open())
    const all = await Promise.all(Array.from({ length: 32 }, () => register()))
    assert.equal(new Set(all.map(({ client_id }) => client_id)).size, 32)
  })

  const has = (code: ProblemCode) => (error: unknown) =>
    error instanceof Problem && error.code === code

  test('where an initial access token is set, nobody registers without it', async () => {
    const registrationToken = new Secret('t'.repeat(40))
    const { register } = begin(await open(), { registrationToken })
    for (const authorization of [
      undefined,
      'Bearer',
      `Bearer ${'t'.repeat(39)}`,
      `Bearer ${'t'.repeat(41)}`,
      `Basic ${'t'.repeat(40)}`,
      `Bearer  ${'t'.repeat(40)}`,
    ])
      await assert.rejects(
        register({}, authorization === undefined ? {} : { authorization }),
        has('registration.unauthorized'),
        authorization,
      )
    await register({}, { authorization: `Bearer ${'t'.repeat(40)}` })
  })

  test('listed: only whom an admission rule would let in; off: nobody', async () => {
    const storage = await open()
    const { parts, ada } = await testAgents(storage)
    const { register } = begin(storage, { registration: 'listed' })
    await assert.rejects(register(), has('registration.not_permitted'))
    await addAdmissionRule(parts, {
      ...{ name: 'here', redirectHosts: ['localhost'], softwareIds: ['notes'], trust: 1 },
      ...{ ceiling: CEILING, ownerId: ada.id, by: ada.id },
    })
    await assert.rejects(register(), has('registration.not_permitted'))
    await assert.rejects(register({ software_id: 'other' }), has('registration.not_permitted'))
    const away = { redirect_uris: ['https://app.example/cb'], software_id: 'notes' }
    await assert.rejects(register(away), has('registration.not_permitted'))
    const {
      software_id,
      registration_client_uri: at,
      client_id,
    } = await register({ software_id: 'notes' })
    assert.equal(software_id, 'notes')
    assert.equal(at, `https://remit.example/oauth/register/${client_id}`)
    const off = begin(storage, { registration: 'off' })
    await assert.rejects(off.register({ software_id: 'notes' }), has('registration.not_permitted'))
  })

  test('a client that authenticates registers public keys, and nothing that only it may know', async () => {
    const { register } = begin(await open())
    const key = keyPair()
    const jwks = { keys: [{ ...key.jwk, kid: 'k1' }] }
    const proves = { token_endpoint_auth_method: 'private_key_jwt' }
    const grant_types = ['authorization_code', 'client_credentials']
    const client = await register({ ...proves, jwks, grant_types })
    assert.deepEqual(client.jwks, { keys: [{ ...key.jwk, kid: 'k1', use: 'sig' }] })
    assert.deepEqual(client.grant_types, [
      'authorization_code',
      'refresh_token',
      'client_credentials',
    ])
    const secret = key.privateKey.export({ format: 'jwk' })
    for (const over of [
      {},
      { jwks: { keys: [] } },
      { jwks: { keys: [secret] } },
      { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } },
      { jwks_uri: 'https://app.example/jwks' },
      { jwks, jwks_uri: 'https://app.example/jwks' },
      { jwks, application_type: 'desktop' },
      { jwks, software_id: 'two words' },
    ])
      await assert.rejects(
        register({ ...proves, ...over }),
        has('registration.bad_metadata'),
        JSON.stringify(over),
      )
  })
})
