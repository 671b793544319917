import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  agentIdOf,
  clientHost,
  configuredUrl,
  isClientUrl,
  looksLikeClientUrl,
  MAX_CLIENT_URL,
} from './client-url.ts'
import { isName } from './id.ts'

const GOOD = [
  'https://app.example/client.json',
  'https://app.example/oauth/metadata/',
  'https://app.example:8443/c',
  'https://xn--pp-5ma.example/c',
  'https://app.example/c;v=1',
  'https://app.example/%7Ec',
  'https://[2001:db8::1]/c',
]

const BAD = [
  // of the draft: scheme, path, user name, query, fragment, dot segments
  'http://app.example/c',
  'HTTPS://app.example/c',
  'ftp://app.example/c',
  'https:app.example/c',
  'https:/app.example/c',
  'https://app.example',
  'https://user@app.example/c',
  'https://user:pw@app.example/c',
  'https://@app.example/c',
  'https://:@app.example/c',
  'https://app.example/c?v=1',
  'https://app.example/c?',
  'https://app.example/c#f',
  'https://app.example/c#',
  'https://app.example/./c',
  'https://app.example/../c',
  'https://app.example/a/..',
  'https://app.example/a/%2e%2e/c',
  'https://app.example/a/%2E/c',
  'https://app.example/a/.%2e/c',
  // ours: one spelling, no empty component, a path that says something
  'https://app.example/',
  'https://app.example//c',
  'https://app.example/a//c',
  'https://app.example:443/c',
  'https://app.example:/c',
  'https://APP.example/c',
  'https://app.example./c',
  'https://app。example/c',
  'https://аpp.example/c',
  'https://app.example\\c',
  'https://app.example/c\\d',
  'https://app.example/c d',
  'https://app.example/c\n',
  ' https://app.example/c',
  'https://%61pp.example/c',
  'https://0x7f.1/c',
  'https://2130706433/c',
  'https:///c',
  'https://app_1.example/c',
  "https://app'.example/c",
  'https://_/c',
  'https://app.example_/c',
  `https://app.example/${'c'.repeat(512)}`,
  'refund-bot',
  '',
  undefined,
  null,
  7,
  ['https://app.example/c'],
]

test('a client id is an address in one spelling, or none', () => {
  for (const good of GOOD) assert.ok(isClientUrl(good), good)
  for (const bad of BAD) assert.ok(!isClientUrl(bad), String(bad))
})

test('M7: what could be an address is never one of our own ids', () => {
  for (const text of [...GOOD, ...BAD.slice(0, 24)])
    assert.ok(looksLikeClientUrl(String(text)), String(text))
  for (const own of ['refund-bot', `client-${'0'.repeat(32)}`, agentIdOf(GOOD[0] ?? '')])
    assert.ok(!looksLikeClientUrl(own))
})

test('an address becomes the id of an agent that is a name, says the host, and is of this address only', () => {
  const ids = GOOD.map(agentIdOf)
  for (const id of ids) assert.ok(isName(id), id)
  assert.equal(new Set(ids).size, GOOD.length)
  assert.match(ids[0] ?? '', /^doc-app-example-[0-9a-f]{24}$/)
  assert.match(ids[2] ?? '', /^doc-app-example-8443-[0-9a-f]{24}$/)
  assert.equal(agentIdOf('refund-bot'), 'refund-bot')
  for (const host of ['a'.repeat(60), `${'a'.repeat(20)}.${'b'.repeat(60)}.example`, '-'])
    for (const url of [`https://x.${host}.example/c`, `https://${host}/c`])
      if (isClientUrl(url)) assert.ok(isName(agentIdOf(url)), agentIdOf(url))
  assert.equal(clientHost('https://app.example:8443/c'), 'app.example:8443')
})

test('an address has up to 512 characters', () => {
  const long = (length: number) => 'https://app.example/'.padEnd(length, 'c')
  assert.ok(isClientUrl(long(MAX_CLIENT_URL)))
  assert.ok(!isClientUrl(long(MAX_CLIENT_URL + 1)))
})

test('what has no scheme at its beginning could not mean a document', () => {
  for (const id of ['refund bot:1', '-https://app.example/c', '7:a', ''])
    assert.ok(!looksLikeClientUrl(id), id)
})

test('the host in an id has one dash for what is between its words', () => {
  assert.match(agentIdOf('https://xn--pp-5ma.example/c'), /^doc-xn-pp-5ma-example-[0-9a-f]{24}$/)
  assert.match(agentIdOf('https://[2001:db8::1]/c'), /^doc-2001-db8-1-[0-9a-f]{24}$/)
})

test('a configured address is parsed once', () => {
  const url = configuredUrl('https://gw.example/orders')
  assert.equal(url.pathname, '/orders')
  assert.equal(configuredUrl('https://gw.example/orders'), url)
})
