import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopbackRedirect } from '../redirect-uri.ts'
import type { AdmissionRule } from './admission-rule.ts'
import { isHostPattern, redirectsBelong, ruleFor } from './match-rule.ts'

function rule(name: string, ...redirectHosts: string[]): AdmissionRule {
  return {
    ...{ name, mode: 'dynamic', redirectHosts, trust: 1, ceiling: [], mayDelegate: null },
    ...{ documentHosts: [], softwareIds: [], keyChange: 'ask' },
    ...{ ownerId: 'psn_x', createdBy: 'psn_x', createdAt: 0 },
  }
}

/** A client that registered. */
function at(...redirectUris: string[]) {
  return { clientId: 'client-1', redirectUris }
}

function matches(pattern: string, ...redirectUris: string[]): boolean {
  return ruleFor([rule('one', pattern)], at(...redirectUris)) !== undefined
}

test('a pattern is a host, those below one, or this computer, in one spelling', () => {
  for (const good of [
    'localhost',
    'app.example',
    'a.b.c.example.com',
    '*.example.com',
    'app.example:8443',
    '*.apps.example.com:8443',
    'xn--pp-5ma.example',
    'shop.1st.example',
  ])
    assert.ok(isHostPattern(good), good)
  for (const bad of [
    '',
    '*',
    '*.',
    '*.com',
    'com',
    'Localhost',
    'localhost:1234',
    '*.localhost',
    'localhost.',
    '127.0.0.1',
    '[::1]',
    '10.0.0.1',
    '10.0.0.10',
    'APP.example',
    'app.example.',
    '.example.com',
    'app..example',
    '**.example.com',
    '*.*.example.com',
    'app.*.com',
    'app-*.example.com',
    '*app.example.com',
    'app.example/callback',
    'https://app.example',
    'app.example:443',
    'app.example:0',
    'app.example:99999',
    'app.example:',
    'user@app.example',
    'аpp.example',
    'app_.example',
    '-app.example',
    'app-.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(130)}example`,
    ' app.example',
    'app.example\n',
    1,
    null,
    undefined,
    ['app.example'],
  ])
    assert.ok(!isHostPattern(bad), String(bad))
})

test('an exact host is that host on the usual port', () => {
  for (const uri of ['https://app.example/', 'https://app.example/callback?x=app.evil.example'])
    assert.ok(matches('app.example', uri), uri)
  for (const uri of [
    'https://evil-app.example/',
    'https://app.example.evil.example/',
    'https://app.example./',
    'https://x.app.example/',
    'https://example/',
    'https://app.example:8443/',
    'https://app.example@evil.example/',
    'https://evil.example/app.example',
    'https://evil.example?app.example',
    'https://аpp.example/',
    'http://app.example/',
    'ftp://app.example/',
    'app.example',
    '',
  ])
    assert.ok(!matches('app.example', uri), uri)
  assert.ok(matches('app.example:8443', 'https://app.example:8443/x'))
  assert.ok(!matches('app.example:8443', 'https://app.example/x'))
})

test('a star is one or more whole labels, and never the name itself', () => {
  for (const uri of ['https://a.example.com/', 'https://a.b.example.com/'])
    assert.ok(matches('*.example.com', uri), uri)
  for (const uri of [
    'https://example.com/',
    'https://.example.com/',
    'https://evilexample.com/',
    'https://a.example.com.evil.example/',
    'https://a.example.com:8443/',
    'https://example.com.evil.example/',
    'https://evil.example/.example.com',
    'http://a.example.com/',
  ])
    assert.ok(!matches('*.example.com', uri), uri)
})

test('this computer is what browsers take for it, and nothing that only looks so', () => {
  for (const uri of [
    'http://localhost/',
    'http://localhost:1234/callback',
    'http://127.0.0.1:1234/',
    'http://[::1]:1234/',
    'http://127.1/',
    'http://2130706433/',
  ]) {
    assert.ok(isLoopbackRedirect(uri), uri)
    assert.ok(matches('localhost', uri), uri)
    assert.ok(!matches('*.example.com', uri), uri)
  }
  for (const uri of [
    'http://localhost.evil.example/',
    'https://localhost.evil.example/',
    'http://evil.example/localhost',
    'http://localhost@evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://127.0.0.2/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fe80::1]/',
    'http://localhost./',
    'localhost',
  ]) {
    assert.ok(!isLoopbackRedirect(uri), uri)
    assert.ok(!matches('localhost', uri), uri)
  }
})

test('every address has to match, all by one rule, and the first rule counts', () => {
  const house = 'https://app.example/'
  const here = 'http://localhost/'
  const evil = 'https://evil.example/'
  assert.ok(!matches('app.example', house, evil))
  assert.ok(!matches('app.example', evil, house))
  assert.ok(!matches('app.example'), 'without an address nothing is known of it')
  const rules = [
    rule('here', 'localhost'),
    rule('both', 'localhost', 'app.example'),
    rule('house', 'app.example'),
  ]
  assert.equal(ruleFor(rules, at(here))?.name, 'here')
  assert.equal(ruleFor(rules, at(house))?.name, 'both')
  assert.equal(ruleFor(rules, at(here, house))?.name, 'both')
  assert.equal(
    ruleFor([rule('here', 'localhost'), rule('house', 'app.example')], at(here, house)),
    undefined,
  )
})

test('a rule for registrations looks at the software, where it names any', () => {
  const rules = [{ ...rule('one', 'app.example'), softwareIds: ['s-1', 's-2'] }]
  const client = at('https://app.example/cb')
  assert.ok(ruleFor(rules, { ...client, softwareId: 's-2' }))
  assert.equal(ruleFor(rules, { ...client, softwareId: 's-3' }), undefined)
  assert.equal(ruleFor(rules, client), undefined)
  assert.equal(ruleFor([rule('one', 'app.example')], { ...at(), softwareId: 's-1' }), undefined)
})

const DOCUMENT = 'https://docs.example/client.json'
function documents(documentHost: string, ...redirectHosts: string[]): AdmissionRule {
  return { ...rule('docs', ...redirectHosts), mode: 'document', documentHosts: [documentHost] }
}
const ofDocument = (...redirectUris: string[]) => ({ clientId: DOCUMENT, redirectUris })

test('a rule for documents looks at the host of the document, and at every address that it sends to', () => {
  const [own, other] = ['https://docs.example/cb', 'https://app.example/cb']
  assert.ok(ruleFor([documents('docs.example')], ofDocument(own)))
  assert.ok(ruleFor([documents('docs.example')], ofDocument()))
  assert.ok(ruleFor([documents('*.example', 'app.example')], ofDocument(own, other)))
  assert.equal(ruleFor([documents('docs.example')], ofDocument(own, other)), undefined)
  assert.equal(ruleFor([documents('other.example')], ofDocument(own)), undefined)
  const registered = { ...documents('docs.example', 'docs.example'), mode: 'dynamic' as const }
  assert.equal(ruleFor([registered], ofDocument(own)), undefined)
  assert.equal(ruleFor([documents('docs.example', 'app.example')], at(other)), undefined)
})

test('a document sends to its own origin, to this computer, and to where a rule about it says', () => {
  const belongs = (rules: readonly AdmissionRule[], ...uris: string[]) =>
    redirectsBelong(rules, ofDocument(...uris))
  assert.ok(belongs([], 'https://docs.example/cb', 'http://127.0.0.1:9/cb'))
  for (const elsewhere of ['https://app.example/cb', 'https://docs.example:8443/cb', 'no address'])
    assert.ok(!belongs([], 'https://docs.example/cb', elsewhere), elsewhere)
  const app = 'https://app.example/cb'
  assert.ok(
    belongs(
      [documents('other.example', 'x.example'), documents('docs.example', 'app.example')],
      app,
    ),
  )
  assert.ok(!belongs([documents('other.example', 'app.example')], app))
  assert.ok(!belongs([documents('docs.example', 'other.example')], app))
})

test('a pattern has up to 253 characters, a port that exists, and no number at its end', () => {
  const long = (length: number) => `${'a.'.repeat(200).slice(0, length - 2)}bb`.slice(-length)
  assert.equal(long(253).length, 253)
  assert.ok(isHostPattern(`a${long(253).slice(1)}`))
  assert.ok(!isHostPattern(`a.${long(253)}`))
  assert.ok(isHostPattern('app.example:65535'))
  for (const bad of [
    'app.example:65536',
    'app.example:443',
    'app.example.1',
    undefined,
    7,
    ['a.b'],
  ])
    assert.ok(!isHostPattern(bad), String(bad))
})
