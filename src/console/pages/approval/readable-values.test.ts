import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Leaf } from '../../../approvals/access-requests/index.ts'
import { catalogView } from '../../../catalog/catalog/catalog.ts'
import { jsonBody, onlyAction, planOperation } from '../../../catalog/catalog/testing.ts'
import type { CallRow } from '../../../tasks/approval-desk/index.ts'
import { textContent } from '../frame/testing.ts'
import { readableValues } from './readable-values.ts'

const text = { type: 'string' }
const action = onlyAction(
  planOperation(
    jsonBody({
      type: 'object',
      properties: {
        cents: { type: 'integer' },
        currency: text,
        day: text,
        due: { type: 'string', format: 'date-time' },
        to: text,
        items: {
          type: 'array',
          items: { type: 'object', properties: { cents: { type: 'integer' } } },
        },
        tags: { type: 'array', items: text },
        parcel: { type: 'object', properties: { weight: { type: 'number' } } },
      },
    }),
  ),
)
const read = {} as Parameters<typeof readableValues>[3]['read'] // as: nobody is looked up here

async function written(
  displays: Record<string, string>,
  sent: Record<string, string>,
  settings = { zone: 'UTC', locale: 'en' },
) {
  const rows = Object.entries(sent).map(
    ([name, value]): CallRow => ({ place: 'body', name, value: { text: value } }),
  )
  const inspected = Object.entries(sent).map(([name, text]): Leaf => {
    return { path: `/${name}`, kind: name === 'due' ? 'datetime' : 'string', text }
  })
  const asked = { action: action.name, inspected }
  const view = catalogView([], [{ ...action, displays }])
  const found = await readableValues(view, asked, rows, { read, settings })
  const all = [...found.rows, ...found.others]
  return { found, of: Object.fromEntries(all.map(([name, value]) => [name, value.toString()])) }
}

test('amounts and measures are written in the language of the reader', async () => {
  const { found, of } = await written(
    { '/cents': 'currency:/currency:minor', '/parcel/weight': 'unit:kg' },
    { cents: '123456', currency: 'eur', 'parcel/weight': '1200.50' },
    { zone: 'UTC', locale: 'de' },
  )
  assert.equal(of['body cents']?.replaceAll(/\s/gu, ' '), '1.234,56 EUR')
  assert.equal(of['parcel/weight'], '1.200,50 kg')
  assert.deepEqual([...found.words.keys()], ['1234.56 EUR', '1200.50 kg'])
})

test('values in lists are written too, and of a long list the first', async () => {
  const items = Array.from({ length: 60 }, (_, i) => ({ cents: i, currency: 'EUR' }))
  const rows: CallRow[] = [
    { place: 'body', name: 'items', value: { json: JSON.stringify(items) } },
    { place: 'body', name: 'tags', value: { json: '["2026-12-31"]' } },
  ]
  const displays = { '/tags/*': 'date', '/items/*/cents': 'currency:/items/*/currency:minor' }
  const view = catalogView([], [{ ...action, displays }])
  const settings = { zone: 'UTC', locale: 'de' }
  const asked = { action: action.name, inspected: null }
  const { others, words } = await readableValues(view, asked, rows, { read, settings })
  const of = others.map(([name, value]) => `${name}: ${value}`.replaceAll(/\s/gu, ' '))
  assert.deepEqual(of.slice(0, 2), ['tags 1: 31 Dec 2026', 'items 1, cents: 0,00 EUR'])
  assert.deepEqual(of.slice(-2), [
    ...['items 49, cents: 0,48 EUR', 'More in lists: below, as it is sent'],
  ])
  assert.equal(words.get('0.48 EUR')?.replaceAll(/\s/gu, ' '), '0,48 EUR')
})

test('an amount in no currency, and a time that is none, are what was sent', async () => {
  const { of } = await written(
    { '/cents': 'currency:/currency:minor', '/day': 'date' },
    { cents: '1', currency: 'doubloons', day: '2026-13-45' },
  )
  assert.deepEqual(of, {})
})

test('times are in the zone of the reader, days are days', async () => {
  const settings = { zone: 'Asia/Kolkata', locale: 'en' }
  const sent = { due: '2026-12-31T22:00:00+01:00', day: '2026-12-31' }
  const { of } = await written({ '/day': 'date' }, sent, settings)
  assert.deepEqual(of, { 'body due': '1 Jan 2027, 02:30 GMT+5:30', 'body day': '31 Dec 2026' })
})

test('an address says its host, and is a link only where the catalog allows exactly that', async () => {
  const link = async (to: string, display = 'link:shop.example') =>
    (await written({ '/to': display }, { to })).of['body to'] ?? ''
  const good = await link('https://shop.example/a?b=1&c=2')
  assert.match(good, /^<a href="https:\/\/shop\.example\/a\?b=1&amp;c=2" rel="noopener noreferrer"/)
  assert.equal(textContent(good), 'leads to shop.example')
  for (const [to, says] of [
    ['http://shop.example/', 'leads to shop.example, without encryption'],
    ['https://shop.example.evil.test/', 'leads to shop.example.evil.test'],
    ['https://shop.example@evil.test/', 'leads to evil.test, not to what stands before the @'],
    ['https://evil@shop.example/', 'leads to shop.example, not to what stands before the @'],
    ['https://shop.example:8443/', 'leads to shop.example:8443'],
    ['https://sh\u043ep.example/', 'leads to xn--shp-ted.example'],
    ['https://shop.example/\u202egnp', 'leads to shop.example'],
    ['javascript:alert(1)', 'not an address of the web'],
    ['data:text/html,x', 'not an address of the web'],
    ['shop.example', 'not an address of the web'],
  ] as const) {
    const shown = await link(to)
    assert.doesNotMatch(shown, /<a/, to)
    assert.equal(textContent(shown), says, to)
  }
  assert.doesNotMatch(await link('https://shop.example/', 'link'), /<a/)
})
