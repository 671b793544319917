import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { assertRefused } from '../../../test/refusals.ts'
import { inEachWorld, type World } from '../../../test/world.ts'

const SECRET = 'canary-credential-of-an-api'
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Billing', version: '1' },
  servers: [{ url: 'https://elsewhere.example/v1' }],
  paths: { '/invoices': { get: { operationId: 'list' } } },
}
const UPSTREAM = 'https://billing.example/v1'

type Ada = Awaited<ReturnType<World['api']>>

/** An API in the catalog, with a credential and inside the trust domain. */
async function billing(w: World, name: string): Promise<Ada> {
  const ada = await w.api('ada')
  const key = { name: `${name}-key`, kind: 'bearer', secret: SECRET }
  assert.equal((await ada.send('POST', '/connections', key)).status, 200)
  await imported(ada, { document: DOCUMENT, upstream: UPSTREAM, trusted: true }, name)
  const connection = { connection: `${name}-key` }
  assert.equal((await ada.send('PUT', `/resources/${name}/connection`, connection)).status, 200)
  return ada
}

async function imported(ada: Ada, body: object, name: string) {
  const done = await ada.send('PUT', `/resources/${name}`, body)
  assert.equal(done.status, 200, done.text)
  const { notes, unchanged } = done.body as unknown as {
    readonly notes: readonly string[]
    readonly unchanged: boolean
  } // as: the documented shape
  const { connection, mode, trusted, upstream } = (await ada.send('GET', `/resources/${name}`)).body
  return { notes: notes.join('\n'), unchanged, is: { connection, mode, trusted, upstream } }
}

const BEFORE = { mode: 'gateway', trusted: true, upstream: UPSTREAM }

inEachWorld(
  'importing a resource again',
  (world) => {
    it('what is left out stays: credential, trust and upstream, also against the document', async () => {
      const ada = await billing(world(), 'one')
      const before = { connection: 'one-key', ...BEFORE }
      const same = await imported(ada, { document: DOCUMENT, upstream: UPSTREAM }, 'one')
      assert.deepEqual([same.is, same.unchanged, same.notes], [before, true, ''])
      const left = await imported(ada, { document: DOCUMENT }, 'one')
      assert.deepEqual([left.is, left.unchanged], [before, true])
      assert.match(
        left.notes,
        /stays https:\/\/billing\.example\/v1; the document says https:\/\/else/,
      )
    })

    it('what is said changes, and the answer says what it was', async () => {
      const ada = await billing(world(), 'two')
      const upstream = 'https://billing.example/v2'
      const moved = await imported(ada, { document: DOCUMENT, upstream }, 'two')
      assert.deepEqual(moved.is, { connection: 'two-key', ...BEFORE, upstream })
      assert.match(moved.notes, /upstream is https:\/\/billing\.example\/v2 now; it was .*\/v1/)
      const none = { document: DOCUMENT, connection: null, trusted: false }
      const { is, notes } = await imported(ada, none, 'two')
      assert.deepEqual(is, { ...BEFORE, upstream, connection: null, trusted: false })
      assert.match(notes, /credential put in is none; it was that of `two-key`/)
      assert.match(notes, /receives no transaction tokens any more/)
    })

    it('neither credential nor trust goes to another origin unless it is said', async () => {
      const ada = await billing(world(), 'three')
      for (const upstream of [
        'https://other.example/v1',
        'https://billing.example:8443/v1',
        'http://billing.example/v1',
      ]) {
        const { is, notes } = await imported(ada, { document: DOCUMENT, upstream }, 'three')
        assert.deepEqual(is, { ...BEFORE, upstream, connection: null, trusted: false })
        assert.match(notes, /credential of `three-key` is not put in any more.*another origin/)
        assert.match(notes, /no transaction tokens any more: the upstream has another origin/)
        const said = { upstream: UPSTREAM, connection: 'three-key', trusted: true }
        const back = await imported(ada, { document: DOCUMENT, ...said }, 'three')
        assert.deepEqual(back.is, { connection: 'three-key', ...BEFORE })
      }
    })

    it('a name that is none is told in words', async () => {
      const ada = await world().api('ada')
      const body = { document: DOCUMENT, upstream: UPSTREAM }
      const named = await ada.send('PUT', '/resources/Billing_1', body)
      assertRefused(named, 'request.malformed')
      assert.match(named.text, /\/name is not a name: lower-case letters/)
      const risk = await ada.send('PUT', '/actions/get-invoice/risk', { risk: 'low' })
      assert.match(risk.text, /\/action is not an action, such as `orders\.refund`/)
    })

    it('a direct API stays direct, and has one address', async () => {
      const ada = await world().api('ada')
      const direct = 'https://shop.example/api'
      await imported(ada, { document: DOCUMENT, direct, trusted: true }, 'shop')
      const { is, unchanged } = await imported(ada, { document: DOCUMENT }, 'shop')
      const wanted = { connection: null, mode: 'direct', trusted: true, upstream: direct }
      assert.deepEqual([is, unchanged], [wanted, true])
      const both = { document: DOCUMENT, direct, upstream: UPSTREAM }
      assertRefused(await ada.send('PUT', '/resources/shop', both), 'request.malformed')
    })

    it('an MCP server is asked with the credential it had; another one is asked without', async () => {
      const w = world()
      const ada = await w.api('ada')
      const key = { name: 'notes-key', kind: 'bearer', secret: SECRET }
      assert.equal((await ada.send('POST', '/connections', key)).status, 200)
      const first = await imported(ada, { mcp: w.desk.url, connection: 'notes-key' }, 'notes')
      const again = await imported(ada, { mcp: w.desk.url }, 'notes')
      assert.deepEqual([again.is, again.unchanged], [first.is, true])
      assert.equal(again.is.connection, 'notes-key')
      const got: (string | undefined)[] = []
      const other = createServer((request, answer) => {
        got.push(request.headers.authorization)
        answer.writeHead(401).end()
      })
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
      const { port } = other.address() as AddressInfo // as: listening on TCP
      const mcp = `http://127.0.0.1:${port}/mcp`
      const refused = await ada.send('PUT', '/resources/notes', { mcp })
      other.closeAllConnections()
      await new Promise((resolve) => other.close(resolve))
      assertRefused(refused, 'outbound.unexpected_answer')
      assert.deepEqual(got, [undefined])
    })
  },
  { desk: true },
)
