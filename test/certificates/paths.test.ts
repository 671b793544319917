import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { checkPath, plainAddress } from '../../src/keys/index.ts'
import { type Certifying, certificate, type Issued } from './certificate.ts'

const CN = (value: string) => [['CN', value]] as const
const CA = { ca: true, usage: 0x06 } as const

const root = certificate({ subject: CN('root'), ...CA })
const middle = certificate({ subject: CN('middle'), by: root, ...CA })
const HOLDER = { subject: CN('bot'), usage: 0x80, uris: ['spiffe://prod.example/bot'] } as const

function check(leaf: Issued, chain: readonly Issued[] = [middle], over: object = {}) {
  const given = { anchors: [root.der], now: Date.now(), ...over }
  return checkPath({ leaf: leaf.der, chain: chain.map(({ der }) => der) }, given)
}

const issue = (over: Partial<Certifying> = {}) => certificate({ ...HOLDER, by: middle, ...over })
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
    assert.equal(plainAddress('2001:0DB8:0::1'), '2001:db8::1')
    assert.equal(plainAddress('10.0.0.256'), undefined)
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
    const { publicKey: _, privateKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const good = issue()
    const cases: Record<string, [leaf: Issued, chain?: readonly Issued[], over?: object]> = {
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
      'a short key': [issue({ key: weak })],
      'a chain without end': [good, [middle, middle, middle, middle, middle]],
      // The holder of `good` is nobody who can be borrowed.
      'somebody else behind it': [certificate(HOLDER), [certificate(HOLDER), good, middle]],
    }
    for (const [name, given] of Object.entries(cases))
      await assert.rejects(check(...given), untrusted, name)
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
})
