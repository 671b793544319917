import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isForUrl } from './dpop-proof-url.ts'

const URL_443 = 'https://gw.example/orders/1042'
const SAME: [htu: string, url: string][] = [
  [URL_443, URL_443],
  ['HTTPS://gw.example/orders/1042', URL_443],
  ['https://GW.Example/orders/1042', URL_443],
  ['https://gw.example:443/orders/1042', URL_443],
  ['http://127.0.0.1:80/a', 'http://127.0.0.1/a'],
  ['http://127.0.0.1:7481/a', 'http://127.0.0.1:7481/a'],
  ['https://gw.example', 'https://gw.example/'],
  ['http://[::1]:7481/a', 'http://[::1]:7481/a'],
  // RFC 9449 section 4.3, check 9: whatever query and fragment say.
  ['https://gw.example/orders/1042?', URL_443],
  ['https://gw.example/orders/1042?a=1&b=https://evil.example/', URL_443],
  ['https://gw.example/orders/1042#f?a', URL_443],
  ['https://gw.example?a=1', 'https://gw.example/'],
]
for (const [htu, url] of SAME)
  test(`${htu} is ${url}`, () => assert.equal(isForUrl(htu, url), true))

const OTHER = [
  'http://gw.example/orders/1042',
  'https://gw.example:80/orders/1042',
  'https://gw.example:4430/orders/1042',
  'https://gw.example:/orders/1042',
  'https://gw.example./orders/1042',
  'https://gw.example.evil.example/orders/1042',
  'https://evil.example/orders/1042',
  'https://gw.example@evil.example/orders/1042',
  'https://user@gw.example/orders/1042',
  'https://gw.example/orders/1042/',
  'https://gw.example/orders/./1042',
  'https://gw.example/orders/1042/?a=1',
  'https://gw.example/orders/%31042?a=1',
  'https://evil.example/?https://gw.example/orders/1042',
  'https://evil.example/#https://gw.example/orders/1042',
  'https://gw.example/orders/1042? a',
  'https://gw.example/orders/x/../1042',
  'https://gw.example//orders/1042',
  'https://gw.example/Orders/1042',
  'https://gw.example/%6frders/1042',
  'https://gw.example/orders%2f1042',
  'https://gw.example\\orders/1042',
  'https:/gw.example/orders/1042',
  'https:gw.example/orders/1042',
  '//gw.example/orders/1042',
  '/orders/1042',
  'gw.example/orders/1042',
  ' https://gw.example/orders/1042',
  'https://gw.example/orders/1042\n',
  'wss://gw.example/orders/1042',
  'file:///orders/1042',
  '',
]
for (const htu of OTHER)
  test(`${JSON.stringify(htu)} is not ${URL_443}`, () =>
    assert.equal(isForUrl(htu, URL_443), false))

test('D2: what is accepted is the same to a URL parser too', () => {
  const host = fc.constantFrom(
    'gw.example',
    'GW.example',
    'gw.example:443',
    'gw.example:80',
    'u@gw.example',
    'gw.example.',
    'x',
  )
  const path = fc.constantFrom(
    '',
    '/',
    '/a',
    '/A',
    '/a/',
    '//a',
    '/a?b',
    '/a#b',
    '/./a',
    '/%61',
    '/a\\b',
  )
  const url = fc
    .tuple(fc.constantFrom('http', 'https', 'HTTPS'), host, path)
    .map(([s, h, p]) => `${s}://${h}${p}`)
  fc.assert(
    fc.property(url, url, (htu, ours) => {
      if (isForUrl(htu, ours)) assert.equal(withoutQuery(htu), withoutQuery(ours))
    }),
    { numRuns: 3000 },
  )
})

function withoutQuery(text: string): string | undefined {
  const url = URL.parse(text)
  return url ? `${url.origin}${url.pathname}` : undefined
}
