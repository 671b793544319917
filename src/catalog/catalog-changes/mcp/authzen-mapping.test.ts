import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { selectResource } from '../../catalog/catalog-store.ts'
import { catalogParts, ORDERS_DOCUMENT } from '../../catalog/testing.ts'
import { applyImport } from '../import/apply-import.ts'
import { planImport } from '../import/plan-import.ts'
import { authzenMapping } from './authzen-mapping.ts'
import { trustMappings } from './server-settings.ts'
import { actionNamed, planServer } from './testing.ts'

const RIGHT = {
  evaluation: {
    action: { name: 'pay' },
    resource: { type: 'account', id: '$params.arguments.to' },
  },
}
const pay = (mapping?: unknown) => ({
  name: 'pay',
  inputSchema: {
    type: 'object',
    properties: { to: { type: 'string' } },
    ...(mapping === undefined ? {} : { 'x-authzen-mapping': mapping }),
  },
})
const planned = (mapping?: unknown, options: object = {}) =>
  planServer({ tools: [pay(mapping)] }, options)
const read = (mapping?: unknown) => authzenMapping(actionNamed(planned(mapping), 'desk.pay'))

describe('what a tool declares about requests to decision points', () => {
  it('is part of its definition', () => {
    assert.equal(read(), undefined)
    const mapping = read(RIGHT)
    assert.ok(typeof mapping === 'object')
    assert.deepEqual([...mapping.shared.keys()].toSorted(), ['action', 'resource'])
    assert.equal(mapping.entries.length, 1)
    const digest = (of: unknown) => actionNamed(planned(of), 'desk.pay').digest
    const other = { evaluation: { ...RIGHT.evaluation, action: { name: 'look' } } }
    assert.equal(new Set([digest(undefined), digest(RIGHT), digest(other)]).size, 3)
  })

  it('may be several requests, with what they share said once', () => {
    const entry = { resource: { type: 'account', id: 'a' } }
    const mapping = read({
      evaluations: { action: { name: 'pay' }, evaluations: [entry, entry] },
    })
    assert.ok(typeof mapping === 'object')
    assert.deepEqual([...mapping.shared.keys()], ['action'])
    assert.equal(mapping.entries.length, 2)
  })

  const entry = { action: { name: 'a' }, resource: { type: 'r', id: 'i' } }
  const WRONG: Record<string, unknown> = {
    'a text': '$params',
    nothing: {},
    'two envelopes': { ...RIGHT, evaluations: { evaluations: [entry] } },
    'an unknown envelope': { search: RIGHT.evaluation },
    'an envelope that is a list': { evaluation: [RIGHT.evaluation] },
    'an unknown member': { evaluation: { ...RIGHT.evaluation, options: {} } },
    'no entries': { evaluations: { evaluations: [] } },
    'too many entries': { evaluations: { evaluations: Array(9).fill(entry) } },
    'an entry that is none': { evaluations: { evaluations: [entry, 'x'] } },
    'a subject in an entry': {
      evaluations: { evaluations: [{ ...entry, subject: { id: '$token.sub' } }] },
    },
  }
  for (const [what, mapping] of Object.entries(WRONG)) {
    it(`is refused when it is ${what}`, () => {
      assert.equal(typeof read(mapping), 'string')
      assert.match(planned(mapping).notes.join('\n'), /desk\.pay: .* cannot be used/)
    })
  }

  it('is told of at an import: ignored, or counts', () => {
    assert.doesNotMatch(planned().notes.join('\n'), /x-authzen-mapping/)
    assert.match(
      planned(RIGHT).notes.join('\n'),
      /is ignored, until `remit resources mappings desk/,
    )
    const trusted = planned(RIGHT, { mappingsTrusted: true }).notes.join('\n')
    assert.match(trusted, /are asked as the tool says/)
    assert.doesNotMatch(trusted, /ignored/)
  })
})

forEachEngine('the word that declared mappings count', (open) => {
  async function imported() {
    const parts = await catalogParts(await open())
    await applyImport(parts, planned(RIGHT), 'psn_admin')
    const isTrusted = async () =>
      (await selectResource(parts.storage.read, 'desk'))?.mappingsTrusted === true
    const trust = (trusted: boolean, name = 'desk') =>
      trustMappings(parts, { name, trusted, by: 'psn_admin' })
    return { parts, isTrusted, trust }
  }

  it('is off until it is said, and is taken back', async () => {
    const { isTrusted, trust } = await imported()
    assert.equal(await isTrusted(), false)
    await trust(true)
    assert.equal(await isTrusted(), true)
    await trust(false)
    assert.equal(await isTrusted(), false)
  })

  it('stays over an import, and ends when the server moves to another origin', async () => {
    const { isTrusted, parts, trust } = await imported()
    await trust(true)
    const other = { evaluation: { ...RIGHT.evaluation, action: { name: 'look' } } }
    await applyImport(parts, planned(other), 'psn_admin', { accept: true })
    assert.equal(await isTrusted(), true)
    const moved = planned(other, { upstream: 'http://127.0.0.1:7999/mcp' })
    await applyImport(parts, moved, 'psn_admin', { accept: true })
    assert.equal(await isTrusted(), false)
  })

  it('is only for MCP servers that are there', async () => {
    const { parts, trust } = await imported()
    const code = (expected: string) => (error: unknown) =>
      error instanceof Problem && error.code === expected
    await assert.rejects(trust(true, 'nobody'), code('catalog.unknown_resource'))
    const options = { name: 'orders', identifier: 'http://127.0.0.1:7481/orders' }
    const upstream = 'http://127.0.0.1:7482'
    const orders = planImport(ORDERS_DOCUMENT, { ...options, upstream })
    await applyImport(parts, orders, 'psn_admin')
    await assert.rejects(trust(true, 'orders'), code('catalog.bad_resource'))
  })
})
