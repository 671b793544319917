import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { certificateAddress, checkPath } from '../../src/platform/keys/index.ts'
import { type CertificateOptions, certificate, type IssuedCertificate } from './certificate.ts'

const CN = (value: string) => [['CN', value]] as const
const CA = { ca: true, usage: 0x06 } as const

const root = certificate({ subject: CN('root'), ...CA })
const middle = certificate({ subject: CN('middle'), by: root, ...CA })
const HOLDER = { subject: CN('bot'), usage: 0x80, uris: ['spiffe://prod.example/bot'] } as const

function check(
  leaf: IssuedCertificate,
  chain: readonly IssuedCertificate[] = [middle],
  over: object = {},
) {
  const given = { anchors: [root.der], now: Date.now(), ...over }
  return checkPath({ leaf: leaf.der, chain: chain.map(({ der }) => der) }, given)
}

const issue = (over: Partial<CertificateOptions> = {}) =>
  certificate({ ...HOLDER, by: middle, ...over })
const untrusted = { code: 'certificate.not_trusted' }

describe('paths of client certificates (RFC 5280)', () => {
  it('one that leads to an anchor holds, and says its names in one form', async () => {
    const leaf = issue({
      subject: [
        ['O', 'Acme, Inc.'],
        ['OU', '#1 '],
        ['CN', 'bot'],
      ],
      dns: ['Bot.Example'],
      emails: ['bot@example.com'],
      ips: [
        [10, 0, 0, 7],
        [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      ],
      forClients: true,
    })
    const found = await check(leaf)
    assert.equal(found.subject, 'CN=bot,OU=\\#1\\ ,O=Acme\\, Inc.')
    assert.deepEqual(found.uris, ['spiffe://prod.example/bot'])
    assert.deepEqual(found.dns, ['bot.example'])
    assert.deepEqual(found.emails, ['bot@example.com'])
    assert.deepEqual(found.ips, ['10.0.0.7', '2001:db8::1'])
    assert.equal(certificateAddress('2001:0DB8:0::1'), '2001:db8::1')
    assert.equal(certificateAddress('10.0.0.256'), undefined)
    assert.equal((await check(issue({ by: root }), [])).subject, 'CN=bot')
    // Two ways to write it: then nobody goes by it.
    const both = [
      ['O', 'a'],
      ['CN', 'b'],
    ] as const
    assert.equal((await check(issue({ subject: both, together: true }))).subject, undefined)
    assert.equal((await check(issue({ subject: [['title', 'x']] }))).subject, undefined)
  })

  it('one that does not, has ended, signs others, or is for something else, does not', async () => {
    const now = Date.now()
    const stranger = certificate({ subject: CN('root'), ...CA })
    const noCa = certificate({ subject: CN('middle'), by: root, usage: 0x80 })
    const short = certificate({ subject: CN('middle'), by: root, ca: 0, usage: 0x06 })
    const below = certificate({ subject: CN('below'), by: short, ...CA })
    const bound = certificate({ subject: CN('bound'), by: root, ...CA, onlyDns: 'inside.example' })
    const noSign = certificate({ subject: CN('middle'), by: root, ca: true, usage: 0x02 })
    const old = certificate({ subject: CN('middle'), by: root, ...CA, to: now - 1000 })
    const servers = certificate({ subject: CN('middle'), by: root, ...CA, forServers: true })
    const clients = certificate({ subject: CN('middle'), by: root, ...CA, forClients: true })
    const { publicKey: _, privateKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const odd = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey
    const dsa = generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey
    const good = issue()
    const cases: Record<
      string,
      [leaf: IssuedCertificate, chain?: readonly IssuedCertificate[], over?: object]
    > = {
      'another root of the same name': [issue({ by: stranger }), []],
      'without who is between': [good, []],
      'nobody is trusted': [good, [middle], { anchors: [] }],
      'self-signed': [certificate(HOLDER), []],
      ended: [issue({ to: now - 1000 })],
      'to come': [issue({ from: now + 60_000 })],
      'signed by one that has ended': [issue({ by: old }), [old]],
      'signed by no authority': [issue({ by: noCa }), [noCa]],
      'signed by one that may not sign': [issue({ by: noSign }), [noSign]],
      'too deep': [issue({ by: below }), [below, short]],
      'a name beyond what its authority may say': [
        issue({ by: bound, dns: ['outside.example'] }),
        [bound],
      ],
      'an authority itself': [issue({ ca: true })],
      'a key for certificates': [issue({ usage: 0x84 })],
      'a key that signs nothing': [issue({ usage: 0x20 })],
      'for servers': [issue({ forServers: true })],
      'an extension that nobody knows': [issue({ unknown: true })],
      'signed by one that signs for servers': [issue({ by: servers, forClients: true }), [servers]],
      'a short key': [issue({ key: weak })],
      'a key on P-192': [issue({ key: odd('prime192v1') })],
      'a key on secp256k1': [issue({ key: odd('secp256k1') })],
      'a DSA key': [issue({ key: dsa })],
      'a chain without end': [good, [middle, middle, middle, middle, middle]],
      // The holder of `good` is nobody who can be borrowed.
      'somebody else behind it': [certificate(HOLDER), [certificate(HOLDER), good, middle]],
    }
    for (const [name, given] of Object.entries(cases))
      await assert.rejects(check(...given), untrusted, name)
    await check(issue({ by: clients, forClients: true }), [clients])
    const mine = certificate(HOLDER)
    await assert.rejects(check(mine, [mine, good, middle]), untrusted, 'its own twice')
    // The same words with another signature, behind which the right one is sent along.
    const der = Buffer.from(good.der)
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
    const altered = { ...good, der }
    await assert.rejects(check(altered, [middle, good]), untrusted, 'another signature')
    const inside = issue({ by: bound, dns: ['bot.inside.example'] })
    assert.deepEqual((await check(inside, [bound])).dns, ['bot.inside.example'])
    const garbled = { leaf: Buffer.from('x'), chain: [] }
    await assert.rejects(checkPath(garbled, { anchors: [root.der], now }), untrusted)
  })

  it('authorities that signed each other lead nowhere, and that is found out', {
    timeout: 20_000,
  }, async () => {
    const first = certificate({ subject: CN('a'), ...CA })
    const b = certificate({ subject: CN('b'), by: first, ...CA })
    const a = certificate({ subject: CN('a'), by: b, key: first.key, ...CA })
    await assert.rejects(check(issue({ by: a }), [a, b]), untrusted)
    await assert.rejects(check(issue({ by: a }), [b, a, first]), untrusted)
    // Where one of them is signed by an anchor, too, that is the way; in whatever order they come.
    const out = certificate({ subject: CN('b'), by: root, key: b.key, ...CA })
    for (const chain of [
      [a, b, out],
      [out, b, a],
    ])
      await check(issue({ by: a }), chain)
  })

  it('an authority gives the names that all above it may give, and every one is looked at', async () => {
    const both = { dns: ['bot.inside.example', 'bot.outside.example'] }
    const bound = (over: Partial<CertificateOptions>) =>
      certificate({ subject: CN('bound'), by: root, ...CA, ...over })
    const inside = bound({ onlyDns: 'inside.example' })
    const wider = bound({ by: inside, subject: CN('wider'), onlyDns: 'outside.example' })
    const acme = bound({ permits: [{ subject: [['O', 'Acme']] }] })
    const net = bound({ permits: [{ ip: [10, 0, 0, 0, 255, 255, 0, 0] }] })
    const web = bound({ permits: [{ uri: 'inside.example' }] })
    const mail = bound({ permits: [{ email: 'inside.example' }, { email: 'one@x.example' }] })
    const not = bound({ excludes: [{ dns: 'outside.example' }, { uri: '.outside.example' }] })
    const anchor = certificate({ subject: CN('anchor'), ...CA, onlyDns: 'inside.example' })
    const bot = [
      ['O', 'Acme'],
      ['CN', 'bot'],
    ] as const
    const refused: Record<
      string,
      [by: IssuedCertificate, names: Partial<CertificateOptions>, chain?: IssuedCertificate[]]
    > = {
      'one that it may beside one that it may not': [inside, both],
      'what only an authority below it permits': [
        wider,
        { dns: ['bot.outside.example'] },
        [wider, inside],
      ],
      'names that come twice': [inside, { dns: ['inside.example'], alsoDns: 'outside.example' }],
      'another subject': [acme, { subject: CN('bot') }],
      'a subject in which it is somewhere': [
        acme,
        {
          subject: [
            ['OU', 'x'],
            ['O', 'Acme'],
            ['CN', 'bot'],
          ],
        },
      ],
      'an address of another net': [
        net,
        {
          ips: [
            [10, 0, 0, 7],
            [10, 1, 0, 7],
          ],
        },
      ],
      'an address of another kind': [net, { ips: [Array(16).fill(10)] }],
      'another host': [web, { uris: ['https://inside.example/a', 'https://outside.example/a'] }],
      'a host in the name of somebody': [web, { uris: ['https://inside.example@x.example/'] }],
      'a host below': [web, { uris: ['https://a.inside.example/'] }],
      'a URI without a host': [web, { uris: ['urn:inside.example'] }],
      'another address': [mail, { emails: ['a@inside.example', 'two@x.example'] }],
      'two hosts': [mail, { emails: ['a@b@inside.example'] }],
      'a host that is excluded': [not, { dns: ['A.Outside.example'] }],
      'the same, with a dot at its end': [not, { dns: ['a.outside.example.'] }],
      'a URI of one': [not, { uris: ['https://a.outside.example'] }],
    }
    for (const [name, [by, names, chain = [by]]] of Object.entries(refused))
      await assert.rejects(check(issue({ by, ...names }), chain), untrusted, name)
    await assert.rejects(
      check(issue({ by: anchor, dns: ['outside.example'] }), [], { anchors: [anchor.der] }),
      untrusted,
      'an anchor itself',
    )
    const permitted: [by: IssuedCertificate, names: Partial<CertificateOptions>][] = [
      [inside, { dns: ['INSIDE.example', 'a.b.inside.example'], uris: ['urn:x'] }],
      [acme, { subject: bot }],
      [net, { ips: [[10, 0, 9, 9]] }],
      [web, { uris: ['https://Inside.example:8443/a'] }],
      [mail, { emails: ['a@Inside.example', 'one@x.example'] }],
      [not, { dns: ['outside.example.org'], uris: ['https://outside.example/'] }],
    ]
    for (const [by, names] of permitted) await check(issue({ by, uris: [], ...names }), [by])
  })
})
