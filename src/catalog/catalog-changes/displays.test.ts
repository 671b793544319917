import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { selectActions } from '../catalog/catalog-store.ts'
import { displayMistake } from '../catalog/display.ts'
import {
  catalogParts,
  jsonBody,
  onlyAction,
  operationDocument,
  planImport,
} from '../catalog/testing.ts'
import { templateDigest } from './change-action.ts'
import { proposedDisplays, setDisplay } from './displays.ts'
import { applyImport } from './import/apply-import.ts'

const text = { type: 'string' }
const number = { type: 'number' }
const things = { name: 'things', identifier: 'http://127.0.0.1:7481/things' }

function planWith(properties: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const operation = { ...jsonBody({ type: 'object', properties }), ...more }
  return planImport(operationDocument(operation), things)
}

function proposed(properties: Record<string, unknown>, more?: Record<string, unknown>) {
  return proposedDisplays(onlyAction(planWith(properties, more))).displays
}

const listOf = (properties: Record<string, unknown>) => ({
  type: 'array',
  items: { type: 'object', properties },
})

const PROPERTIES = {
  amount: number,
  cents: { type: 'integer' },
  currency: text,
  day: { type: 'string', format: 'date' },
  to: text,
  tags: { type: 'array', items: text },
  items: listOf({ amount: number, currency: text, '*': text }),
  others: listOf({ currency: text }),
  any: {},
}

describe('how people are shown arguments', () => {
  test('is proposed from names and types', () => {
    assert.deepEqual(proposed({ amount: number, currency: text, callback_url: text }), {
      '/amount': 'currency:/currency',
      '/callback_url': 'link',
    })
    const price = { type: 'object', properties: { total: number, currencyCode: text } }
    assert.deepEqual(proposed({ price, currency: text }), {
      '/price/total': 'currency:/price/currencyCode',
    })
    assert.deepEqual(
      proposed({ items: listOf({ price: number, currency: text }), currency: text }),
      {
        '/items/*/price': 'currency:/items/*/currency',
      },
    )
    assert.equal(proposed({ amount: { type: 'integer' }, currency: text }), undefined, 'cents?')
    assert.equal(proposed({ amount: number, name: text, url: number }), undefined)
  })

  test('is what the document states, where it can be', () => {
    const stated = { 'x-remit-displays': { '/amount': 'currency:EUR', '/to': 'person' } }
    assert.deepEqual(proposed(PROPERTIES, stated), {
      '/amount': 'currency:EUR',
      '/items/*/amount': 'currency:/items/*/currency',
      '/to': 'person',
    })
    const wrong = planWith(PROPERTIES, {
      'x-remit-displays': { '/amount': 'date', '/gone': 'link', '/to': 1 },
    })
    assert.equal(wrong.notes.filter((note) => note.includes('x-remit-displays')).length, 3)
    assert.equal(
      onlyAction(wrong).displays && Object.keys(onlyAction(wrong).displays ?? {}).length,
      0,
    )
  })

  test('is refused where it cannot be', () => {
    const action = onlyAction(planWith(PROPERTIES))
    for (const [path, display] of [
      ['/amount', 'currency:EUR'],
      ['/cents', 'currency:JPY:minor'],
      ['/cents', 'currency:/currency:minor'],
      ['/amount', 'unit:kg'],
      ['/day', 'date'],
      ['/to', 'person'],
      ['/to', 'link:shop.example'],
      ['/tags/*', 'person'],
      ['/items/*/amount', 'currency:EUR'],
      ['/items/*/amount', 'currency:/items/*/currency'],
      ['/items/*/amount', 'currency:/currency'],
    ] as const)
      assert.equal(displayMistake(action, path, display), undefined, `${path} ${display}`)
    for (const [path, display] of [
      ['/amount', 'currency:XXQ'],
      ['/amount', 'currency:EUR:minor'],
      ['/amount', 'currency:/amount'],
      ['/amount', 'currency:/gone'],
      ['/amount', 'link'],
      ['/to', 'unit:kg'],
      ['/to', 'link:https://shop.example/'],
      ['/to', 'link:Shop.example'],
      ['/amount', 'unit:\u200b'],
      ['/amount', 'unit:k\u202eg'],
      ['/amount', `unit:${'k'.repeat(21)}`],
      ['/tags', 'person'],
      ['/tags/0', 'person'],
      ['/tags/*/*', 'person'],
      ['/*', 'person'],
      ['/to/*', 'person'],
      ['/items/*', 'person'],
      ['/items/*/*', 'person'],
      ['/items/*/amount', 'currency:/others/*/currency'],
      ['/items/*/amount', 'currency:/items/0/currency'],
      ['/amount', 'currency:/items/*/currency'],
      ['/any', 'person'],
      ['/gone', 'date'],
      ['', 'date'],
      ['/to', ''],
    ] as const)
      assert.notEqual(displayMistake(action, path, display), undefined, `${path} ${display}`)
  })
})

forEachEngine('displays of arguments', (open) => {
  const by = 'operator'

  test('are what an administrator says, also after the API was imported again', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planWith(PROPERTIES), by)
    const stored = async () => {
      const [action] = await selectActions(parts.storage.read, 'things')
      assert.ok(action)
      return action
    }
    const before = await stored()
    const items = { '/items/*/amount': 'currency:/items/*/currency' }
    assert.deepEqual(before.displays, { '/amount': 'currency:/currency', ...items })
    const change = { action: 'things.do', path: '/amount', by }
    await setDisplay(parts, { ...change, display: 'currency:EUR' })
    await applyImport(parts, planWith({ ...PROPERTIES, more: text }), by, { accept: true })
    assert.deepEqual((await stored()).displays, { '/amount': 'currency:EUR', ...items })
    await applyImport(parts, planWith({ amount: text, currency: text }), by, { accept: true })
    assert.equal((await stored()).displays, undefined, 'the argument is another one')
    const refused = setDisplay(parts, { ...change, display: 'currency:EUR' })
    await assert.rejects(refused, (e) => e instanceof Problem && e.code === 'catalog.bad_display')
  })

  test('change the wording that people answer, and nothing of the call', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planWith(PROPERTIES), by)
    const [before] = await selectActions(parts.storage.read, 'things')
    const set = { action: 'things.do', path: '/amount', display: undefined, by }
    await setDisplay(parts, set)
    const [after] = await selectActions(parts.storage.read, 'things')
    assert.ok(before && after)
    assert.equal(after.digest, before.digest)
    assert.notEqual(templateDigest(after), templateDigest(before))
    assert.deepEqual(parts.events.at(-1)?.facts, {
      ...{ path: '/amount', display: null, before: 'currency:/currency' },
    })
  })
})
