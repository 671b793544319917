import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { after, before, test } from 'node:test'
import { documented } from '../../src/identity/client-metadata/documents/testing.ts'
import { ClientDocuments } from '../../src/identity/client-metadata/index.ts'
import { Problem, type ProblemCode } from '../../src/platform/lib/problem.ts'
import { type Outbound, type OutboundOptions, outbound } from '../../src/platform/net/index.ts'

type Resolver = NonNullable<OutboundOptions['resolver']>

import type { TestPeople } from '../../src/identity/people/testing.ts'
import { forEachEngine } from '../../src/platform/storage/testing.ts'
import { type DocumentServer, serveDocuments } from '../document-server.ts'

/**
 * Addresses that a stranger's name may lead to, and must not lead us to (RFC 6890, and those that
 * carry an IPv4 address inside).
 */
const SPECIAL = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200'],
  ...['127.0.0.1', '127.1.2.3', '127.255.255.254', '169.254.0.1', '169.254.169.254'],
  ...['169.254.170.2', '172.16.0.1', '172.31.255.254', '192.0.0.1', '192.0.0.170', '192.0.2.1'],
  ...['192.31.196.1', '192.52.193.1', '192.88.99.1', '192.168.0.1', '192.168.255.254'],
  ...['192.175.48.1', '198.18.0.1', '198.19.255.254', '198.51.100.1', '203.0.113.1'],
  ...['224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '::127.0.0.1'],
  ...['::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '100::1'],
  ...['2001::1', '2001:10::1', '2001:20::1', '2001:db8::1', '2002:7f00:1::', '2002:a9fe:a9fe::'],
  ...['2620:4f:8000::1', '3fff::1', '5f00::1', 'fc00::1', 'fd00::1', 'fd00:ec2::254'],
  ...['fd20:ce::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', 'ff05::1:3', '4000::1'],
]

/** Ids that name an address, or this machine, in a spelling that some reader would follow. */
const SPELLINGS = [
  'https://127.0.0.1/c.json',
  'https://127.1/c.json',
  'https://0x7f000001/c.json',
  'https://2130706433/c.json',
  'https://0177.0.0.1/c.json',
  'https://[::1]/c.json',
  'https://[::ffff:127.0.0.1]/c.json',
  'https://[::ffff:7f00:1]/c.json',
  'https://169.254.169.254/latest/meta-data',
  'https://8.8.8.8/c.json',
  'https://①②⑦.0.0.1/c.json',
  'https://127。0。0。1/c.json',
  'https://localhost/c.json',
  'https://app.example@127.0.0.1/c.json',
  'https://127.0.0.1#@app.example/c.json',
  'https://app.example\\@127.0.0.1/c.json',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_x',
]

async function refusedAs(code: ProblemCode, work: Promise<unknown>, hint: string): Promise<string> {
  const error = await work.then(
    () => assert.fail(`${hint} was accepted`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof Problem, `${hint}: ${error}`)
  assert.equal(error.code, code, hint)
  return error.cause instanceof Problem ? error.cause.code : ''
}

forEachEngine('M1: documents of clients from hostile places', (open) => {
  let parts: TestPeople
  let server: DocumentServer
  const opened: Outbound[] = []

  before(async () => {
    parts = (await documented(await open.shared())).parts
    server = await serveDocuments()
  })
  after(async () => {
    for (const one of opened) await one.close()
    await server.close()
  })

  /** Each time with a budget of its own. */
  function fetching(options: { resolver?: Resolver; allowed?: string; timeoutMs?: number } = {}) {
    const { allowed, resolver, timeoutMs } = options
    const out = outbound({
      allowOrigins: (origin) => origin === allowed,
      ...(resolver ? { resolver } : {}),
    })
    opened.push(out)
    return new ClientDocuments({
      ...parts,
      fetchDocument: out.fetchDocument,
      policy: 'on',
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      endConsents: async () => {},
    })
  }

  const to =
    (...addresses: string[]): Resolver =>
    async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

  test(`M1 (ZITADEL CVE-2026-27945 and CVE-2026-55671, MCP Registry CVE-2026-44430, Logto): a name that leads to any of ${SPECIAL.length} special addresses is not followed, alone or among good ones`, async () => {
    assert.ok(SPECIAL.length >= 60)
    for (const address of SPECIAL)
      for (const answers of [[address], ['93.184.216.34', address], [address, '93.184.216.34']]) {
        const documents = fetching({ resolver: to(...answers) })
        const find = documents.find('https://app.example/c.json')
        const cause = await refusedAs('client_document.unavailable', find, answers.join())
        assert.equal(cause, 'outbound.refused', answers.join())
      }
  })

  test('an id that names an address is refused, in every spelling', async () => {
    const nowhere: Resolver = async (host) => assert.fail(`${host} was looked up`)
    for (const id of SPELLINGS) {
      const resolver = id.includes('localhost') ? to('127.0.0.1') : nowhere
      const error = await fetching({ resolver })
        .find(id)
        .then(
          () => assert.fail(id),
          (thrown: unknown) => thrown,
        )
      assert.ok(error instanceof Problem, id)
      assert.match(error.code, /^client_document\.(?:invalid|unavailable)$/, id)
    }
  })

  test('DNS that answers in turns: what was looked at is what is connected to', async () => {
    const { port } = new URL(server.origin)
    let asked = 0
    // Harmless when it is looked at, ours when it would be connected to; and the other way round.
    for (const turn of [0, 1]) {
      const documents = fetching({
        resolver: async () => [
          { address: ['192.0.2.7', '127.0.0.1'][(asked++ + turn) % 2] ?? '', family: 4 },
        ],
        timeoutMs: 2_000,
      })
      const before = server.asked.length
      for (let i = 0; i < 4; i++) {
        const find = documents.find(`https://rebind.example:${port}/c${i}.json`)
        assert.equal(await refusedAs('client_document.unavailable', find, ''), 'outbound.refused')
      }
      assert.equal(server.asked.length, before, 'nothing of ours was asked')
    }
    assert.equal(asked, 8, 'one look-up for each connection')
  })

  const text =
    (body: string | Buffer, headers = {}, status = 200): RequestListener =>
    (_, reply) =>
      reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)

  test('what a server answers is taken whole, small, at once and from it alone, or not at all', async () => {
    const { origin } = server
    const good = (path: string, over = {}) => ({
      ...{ client_id: origin + path, client_name: 'Notes', redirect_uris: [`http://127.0.0.1/cb`] },
      ...over,
    })
    const json = (path: string, over = {}) => JSON.stringify(good(path, over))
    const cases: [name: string, (path: string) => RequestListener, cause: string][] = [
      [
        '301',
        (p) => text(json(p), { location: `${origin}/good` }, 301),
        'outbound.unexpected_answer',
      ],
      [
        '302',
        (p) => text(json(p), { location: 'http://127.0.0.1/' }, 302),
        'outbound.unexpected_answer',
      ],
      ['307', (p) => text(json(p), { location: '/good' }, 307), 'outbound.unexpected_answer'],
      ['201', (p) => text(json(p), {}, 201), 'outbound.unexpected_answer'],
      ['204', () => (_, reply) => reply.writeHead(204).end(), 'outbound.unexpected_answer'],
      ['404', (p) => text(json(p), {}, 404), 'outbound.unexpected_answer'],
      ['500', (p) => text(json(p), {}, 500), 'outbound.unexpected_answer'],
      ['html', (p) => text(json(p), { 'content-type': 'text/html' }), 'outbound.unexpected_answer'],
      [
        'plain',
        (p) => text(json(p), { 'content-type': 'text/plain' }),
        'outbound.unexpected_answer',
      ],
      [
        'no type',
        (p) => (_, reply) => reply.writeHead(200).end(json(p)),
        'outbound.unexpected_answer',
      ],
      ['gzip', (p) => text(json(p), { 'content-encoding': 'gzip' }), 'outbound.unexpected_answer'],
      ['twice', (p) => text(`{"client_id":"x",${json(p).slice(1)}`), 'outbound.unexpected_answer'],
      ['no json', () => text('client_id'), 'outbound.unexpected_answer'],
      ['not utf-8', () => text(Buffer.from([0x7b, 0xff, 0x7d])), 'outbound.unexpected_answer'],
      ['6 KiB', (p) => text(json(p, { x: 'x'.repeat(6 * 1024) })), 'outbound.too_large'],
      [
        'endless',
        () => (_, reply) => {
          reply.writeHead(200, { 'content-type': 'application/json' })
          const more = () => reply.write(' '.repeat(1024), (error) => error ?? more())
          more()
        },
        'outbound.too_large',
      ],
      ['silent', () => () => {}, 'outbound.timed_out'],
      [
        'slow',
        () => (_, reply) =>
          void reply.writeHead(200, { 'content-type': 'application/json' }).write('{'),
        'outbound.timed_out',
      ],
      ['cut', () => (request) => void request.socket.destroy(), 'outbound.unreachable'],
    ]
    for (const [name, listener, cause] of cases) {
      const path = `/${name.replaceAll(' ', '-')}.json`
      server.answer(path, listener(path))
      const documents = fetching({
        allowed: origin,
        timeoutMs: /silent|slow/.test(name) ? 60 : 5_000,
      })
      const find = documents.find(origin + path)
      assert.equal(await refusedAs('client_document.unavailable', find, name), cause, name)
    }
    // The same with nothing wrong, so that each of them was refused for what it is.
    for (const type of [
      'application/json',
      'application/cimd+json',
      'Application/JSON; charset=utf-8',
    ]) {
      server.answer('/good', text(json('/good'), { 'content-type': type }))
      const found = await fetching({ allowed: origin }).find(`${origin}/good`)
      assert.equal(found.clientName, 'Notes')
    }
    const asked = server.asked.filter(({ url }) => url === '/good')
    assert.equal(asked.length, 3, 'no redirect was followed')
  })

  test('and what it says is checked: another client, secrets, private keys, keys that lead inside', async () => {
    const { origin } = server
    const at = `${origin}/checked.json`
    const good = { client_id: at, client_name: 'Notes', redirect_uris: [`http://127.0.0.1/cb`] }
    const pair = {
      kty: 'EC',
      crv: 'P-256',
      x: 'x'.repeat(43),
      y: 'y'.repeat(43),
      d: 'd'.repeat(43),
    }
    for (const over of [
      { client_id: `${origin}/other.json` },
      { client_secret: 'x' },
      { token_endpoint_auth_method: 'client_secret_basic' },
      { jwks: { keys: [pair] } },
    ]) {
      server.put('/checked.json', { ...good, ...over })
      await refusedAs(
        'client_document.invalid',
        fetching({ allowed: origin }).find(at),
        JSON.stringify(over),
      )
    }
    const proves = { token_endpoint_auth_method: 'private_key_jwt' }
    for (const jwks_uri of ['https://169.254.169.254/keys', 'https://inside.example/keys']) {
      server.put('/checked.json', { ...good, ...proves, jwks_uri })
      const documents = fetching({ allowed: origin, resolver: to('10.0.0.1') })
      const cause = await refusedAs('client_document.unavailable', documents.find(at), jwks_uri)
      assert.equal(cause, 'outbound.refused')
    }
  })

  test('outside, everything that can go wrong in fetching is one answer', async () => {
    const { origin } = server
    server.answer('/gone.json', text('{}', {}, 404))
    const said = new Set<string>()
    for (const [documents, id] of [
      [fetching({ resolver: to('10.0.0.1') }), 'https://app.example/c.json'],
      [fetching({ resolver: to() }), 'https://app.example/c.json'],
      [fetching({ allowed: origin }), `${origin}/gone.json`],
    ] as const) {
      const error = await documents.find(id).then(
        () => assert.fail(id),
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof Problem)
      said.add(JSON.stringify(error.toJSON()).replaceAll(new URL(id).host, 'HOST'))
    }
    assert.equal(said.size, 1, [...said].join('\n'))
  })
})
