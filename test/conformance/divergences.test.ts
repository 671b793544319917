import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { certificate, pemOf } from '../certificates/certificate.ts'
import { send } from '../wire.ts'
import { World } from '../world.ts'

const PAGE = readFileSync(new URL('../../docs/divergences.md', import.meta.url), 'utf8')

/** The page says what the code does: what it says is not there must not be in the metadata of a server with everything switched on. */
describe('docs/divergences.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'remit-ca-'))
  const file = join(folder, 'ca.pem')
  let w: World
  let server: Readonly<Record<string, unknown>>
  let resource: Readonly<Record<string, unknown>>

  before(async () => {
    writeFileSync(
      file,
      pemOf(certificate({ subject: [['CN', 'house']], ca: true, usage: 0x06 }).der),
    )
    w = await World.start('sqlite', {
      ...{ certificatesFrom: '127.0.0.1', deviceCodes: true },
      settings: { REMIT_CLIENT_CA_FILE: file },
    })
    server = (await send(`${w.issuer}/.well-known/oauth-authorization-server`)).body
    resource = (await send(`${w.gateway}/.well-known/oauth-protected-resource/orders`)).body
  })
  after(async () => {
    await w?.stop()
    rmSync(folder, { recursive: true })
  })

  /** Names of members, and texts in them. */
  const offered = () =>
    new Set(
      Object.entries(server).flatMap(([name, value]) =>
        value === false || value === undefined ? [] : [name, ...[value].flat().map(String)],
      ),
    )

  it('whatever it says there is not (`No …`, `There is no …`) is not offered', () => {
    const absent = [...PAGE.matchAll(/\b(?:No|There is no) `([a-z][\w:.-]*)`/g)].map(([, n]) => n)
    assert.ok(absent.length >= 5, absent.join())
    for (const name of absent) assert.ok(!offered().has(String(name)), `it offers \`${name}\``)
  })

  it('no row says that something is not built whose name is offered', () => {
    for (const row of PAGE.split('\n').filter((line) => /not built/i.test(line)))
      for (const [, name] of row.matchAll(/`([a-z][\w:.-]*)`/g))
        assert.ok(!offered().has(String(name)), row)
  })

  it('no sentence says that something is not built whose name is in the source', () => {
    const absent = [...PAGE.matchAll(/\b([A-Z][\w.]*-[\w.-]+) (?:is|are) not built/g)].map(
      ([, n]) => n,
    )
    assert.ok(absent.length > 0, 'the page says of nothing by name that it is not built')
    const src = new URL('../../src/', import.meta.url)
    for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue
      const source = readFileSync(new URL(file, src), 'utf8').toLowerCase()
      for (const name of absent)
        assert.ok(!source.includes(String(name).toLowerCase()), `${file}: ${name}`)
    }
  })

  /** Sentences of the page, and what they say in metadata. */
  const SAID: readonly (readonly [string, string, unknown])[] = [
    ['Answers are sent in the query', 'response_modes_supported', ['query']],
    ['Poll and ping; no push', 'backchannel_token_delivery_modes_supported', ['poll', 'ping']],
    ['No `user_code`', 'backchannel_user_code_parameter_supported', false],
    ['`S256` is required', 'code_challenge_methods_supported', ['S256']],
    ['`response_type` is `code`', 'response_types_supported', ['code']],
    [
      'ES256 and Ed25519 (under both names) only',
      'dpop_signing_alg_values_supported',
      ['ES256', 'Ed25519', 'EdDSA'],
    ],
    ['No `mtls_endpoint_aliases`', 'mtls_endpoint_aliases', undefined],
    ['it promises no ID tokens', 'id_token_signing_alg_values_supported', undefined],
    ['There is no `scopes_supported`', 'scopes_supported', undefined],
  ]
  for (const [sentence, member, value] of SAID)
    it(`"${sentence}" is what \`${member}\` says`, () => {
      assert.ok(PAGE.includes(sentence), 'the page does not say it any more')
      assert.deepEqual(server[member], value)
    })

  it('"There is no `signed_metadata`" is what the metadata of a resource say', () => {
    assert.ok(PAGE.includes('There is no `signed_metadata`'))
    assert.equal(resource.signed_metadata, undefined)
  })

  it('members that the page says are there are in the metadata', () => {
    for (const name of ['entity_profiles_supported', 'actor_profile_token_types_supported']) {
      assert.ok(PAGE.includes(`\`${name}\``), name)
      assert.ok(offered().has(name), name)
    }
    for (const name of ['actor_profile_required', 'tls_client_certificate_bound_access_tokens']) {
      assert.ok(PAGE.includes(`\`${name}\``), name)
      assert.equal(resource[name], true, name)
    }
    assert.ok(PAGE.includes('`bearer_methods_supported` is `["header"]`'))
    assert.deepEqual(resource.bearer_methods_supported, ['header'])
  })

  it('certificates: both ways that the page explains are offered', () => {
    const ways = server.token_endpoint_auth_methods_supported as readonly string[] // as: RFC 8414
    for (const way of ['tls_client_auth', 'self_signed_tls_client_auth']) {
      assert.ok(PAGE.includes(`\`${way}\` goes by`), way)
      assert.ok(ways.includes(way), way)
    }
  })
})
