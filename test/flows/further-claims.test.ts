import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { setTokens } from '../../src/catalog/catalog-changes/index.ts'
import { clientWith } from '../../src/identity/machine-clients/testing.ts'
import { setClaims } from '../../src/tasks/facts/index.ts'
import { decode } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const CLAIMS = [
  { claim: 'groups', from: 'person.groups' },
  { claim: 'email', from: 'person.email' },
  { claim: 'trust', from: 'agent.trust' },
  { claim: 'owner', from: 'agent.owner' },
  { claim: 'channel', from: 'space.id' },
  { claim: 'sponsor_there', from: 'sponsor.subject' },
]

inEachWorld('M7: further claims of the tokens of an API', (world) => {
  const set = (claims: readonly { readonly claim: string; readonly from: string }[]) =>
    setClaims(world().rooms.connections, { name: 'orders', claims, by: 'operator' })

  async function claims(): Promise<Readonly<Record<string, unknown>>> {
    const w = world()
    const task = await w.open()
    return decode(await w.agent.token(task, w.orders)).claims
  }

  it('are none by default', async () => {
    assert.equal('ext' in (await claims()), false)
  })

  it('say what is mapped and known, by the published schema', async () => {
    await set(CLAIMS)
    const said = await claims()
    const ext = Object(said.ext)
    assert.deepEqual(Object.keys(ext).toSorted(), ['email', 'groups', 'owner', 'trust'])
    assert.ok(ext.groups.includes('support'))
    assert.match(ext.owner, /^psn_/)
    assert.equal(typeof ext.trust, 'number')
    const file = fileURLToPath(import.meta.resolve('remit-sdk/schemas/resource-token.json'))
    const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false })
    formats.default(ajv)
    const valid = ajv.compile(JSON.parse(await readFile(file, 'utf8')))
    assert.ok(valid(said), JSON.stringify(valid.errors))
    assert.equal(valid({ ...said, ext: { ...ext, 'with space': 1 } }), false)
  })

  it('a change ends tokens from before', async () => {
    const w = world()
    await set(CLAIMS)
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042', { token })).status, 200)
    await set([])
    const after = await w.agent.call(task, 'GET', '/orders/orders/1042', { token })
    assert.equal(after.status, 401)
    assert.equal('ext' in (await claims()), false)
  })

  it('name nobody elsewhere where people have a name for this API alone', async () => {
    await set(CLAIMS)
    const parts = world().rooms.connections
    await setTokens(parts, { name: 'orders', subjects: 'pairwise', by: 'operator' })
    const { ext } = await claims()
    assert.deepEqual(Object.keys(Object(ext)).toSorted(), ['groups', 'trust'])
    await setTokens(parts, { name: 'orders', subjects: 'public', by: 'operator' })
  })

  const BY_CEL = [
    { claim: 'roles', from: 'person.groups.filter(g, g.startsWith("s")).map(g, "erp-" + g)' },
    { claim: 'trusted', from: 'agent.trust >= 2' },
    { claim: 'many', from: 'size(person.groups)' },
    { claim: 'mail', from: 'has(person.email) ? person.email : "none"' },
    { claim: 'space', from: 'space.title' },
    { claim: 'where', from: '"at " + space.title' },
    { claim: 'whole', from: '[person.groups]' },
  ]

  it('say what expressions in CEL make of the facts, and nothing where a fact is absent or the answer is no claim', async () => {
    await set(BY_CEL)
    const said = await claims()
    const { email, groups } = await world().person('sam')
    assert.deepEqual(said.ext, {
      roles: groups.filter((name) => name.startsWith('s')).map((name) => `erp-${name}`),
      trusted: Object(said.ext).trusted,
      many: groups.length,
      mail: email,
    })
    assert.equal(typeof Object(said.ext).trusted, 'boolean')
    const parts = world().rooms.connections
    await setTokens(parts, { name: 'orders', subjects: 'pairwise', by: 'operator' })
    assert.equal(Object((await claims()).ext).mail, 'none', 'no name that they have elsewhere')
    await setTokens(parts, { name: 'orders', subjects: 'public', by: 'operator' })
  })

  it('say the same in resource tokens, transaction tokens and introspection, also of opaque tokens', async () => {
    const w = world()
    await w.trustEcho()
    const parts = w.rooms.connections
    const mapped = [...CLAIMS.slice(0, 1), ...BY_CEL.slice(0, 2)]
    await setClaims(parts, { name: 'echo', claims: mapped, by: 'operator' })
    const { secret } = await clientWith(w.rooms.clients, 'reader', 'introspector', {})
    const read = async (token: string) => {
      const { body } = await send(`${w.issuer}/oauth/introspect`, {
        method: 'POST',
        headers: [
          ['Authorization', `Bearer ${secret}`],
          ['Content-Type', 'application/x-www-form-urlencoded'],
        ],
        body: new URLSearchParams({ token }).toString(),
      })
      assert.equal(body.active, true, JSON.stringify(body))
      return body.ext
    }
    const at = `${w.gateway}/echo`
    const task = await w.open()
    const token = await w.agent.token(task, at)
    const { ext } = decode(token).claims
    assert.deepEqual(Object.keys(Object(ext)).toSorted(), ['groups', 'roles', 'trusted'])
    assert.deepEqual(await read(token), ext)
    w.echo.forget()
    const call = await w.agent.call(task, 'GET', '/echo/things/1', { token })
    assert.equal(call.status, 200, call.text)
    assert.deepEqual(decode(String(w.echo.reached[0]?.headers['txn-token'])).claims.ext, ext)
    await setTokens(parts, { name: 'echo', form: 'opaque', by: 'operator' })
    const opaque = await w.agent.token(await w.open(), at)
    assert.match(opaque, /^remit_at_/)
    assert.deepEqual(await read(opaque), ext)
    // Nothing more by default.
    await setClaims(parts, { name: 'echo', claims: [], by: 'operator' })
    assert.equal(await read(await w.agent.token(await w.open(), at)), undefined)
  })

  it('take no expression that is wrong, names no fact, or cannot be bounded', async () => {
    for (const from of [
      'person.groups.filter(',
      'nobody.groups[0]',
      'person.password + "x"',
      'person.attributes.shoe == "42"',
      'person.email.matches("(a+)+$")',
      `"${'x'.repeat(600)}"`,
    ])
      await assert.rejects(set([{ claim: 'x', from }]), { code: 'catalog.bad_claims' }, from)
  })

  it('take no name of a registered claim or of ours, no unknown fact, and no more than sixteen', async () => {
    const many = Array.from({ length: 17 }, (_, i) => ({ claim: `c${i}`, from: 'agent.trust' }))
    for (const bad of [
      ...['sub', 'act', 'scope', 'task', 'ext', '__proto__', 'constructor', '', 'a b'].map(
        (claim) => [{ claim, from: 'agent.trust' }],
      ),
      [{ claim: 'x', from: 'person.password' }],
      [{ claim: 'x', from: 'person.attributes.shoe' }],
      [
        { claim: 'x', from: 'agent.trust' },
        { claim: 'x', from: 'agent.owner' },
      ],
      many,
    ])
      await assert.rejects(set(bad), { code: 'catalog.bad_claims' }, JSON.stringify(bad))
  })
})
