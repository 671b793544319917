import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogView } from '../../catalog/catalog/catalog.ts'
import type { CatalogView } from '../../catalog/catalog/index.ts'
import { type SpaceRules, withRules } from './rules.ts'
import type { Space } from './space.ts'

const SPACE: Space = {
  ...{ id: 'support', parentId: 'organization', kind: 'workspace', title: 'Support' },
  ...{ mode: 'requester', people: ['group:support'], agents: ['bot'], status: 'active' },
  details: [{ type: 'remit_call', locations: ['https://a'], actions: ['a.read'], bounds: [] }],
  ...{ createdBy: 'operator', createdAt: 0 },
}

const CATALOG: CatalogView = {
  ...catalogView([], []),
  kindOf: (_, action, path) =>
    action === 'orders.refund' && path === '/amount' ? 'decimal' : undefined,
}

const changed = (rules: SpaceRules) => withRules(SPACE, rules, CATALOG)

function refused(rules: SpaceRules, detail: RegExp): void {
  assert.throws(() => changed(rules), { code: 'space.bad', detail })
}

test('a rule that is left out stays as it is', () => {
  assert.deepEqual(changed({}), SPACE)
})

test('a rule that is said takes the place of the one before, and with null there is none', () => {
  const none = { mode: null, people: null, agents: null, details: null }
  assert.deepEqual(changed(none), { ...SPACE, ...none })
  const said = {
    title: 'Help',
    mode: 'intersection',
    people: ['group:night'],
    agents: ['ask-bot'],
  } as const
  assert.deepEqual(changed(said), { ...SPACE, ...said })
})

test('people and agents of a rule have to be some', () => {
  refused({ people: ['nobody'] }, /^`people`/)
  refused({ agents: ['no agent'] }, /^`agents`/)
})

test('a title is 1 to 200 visible characters', () => {
  assert.equal(changed({ title: 'x'.repeat(200) }).title.length, 200)
  for (const title of ['', ' ', '  ', 'x'.repeat(201), 'a\u202eb', 'a  b', 'a\\b'])
    refused({ title }, /a title is 1 to 200 visible characters/)
})

test('details are read as they come in requests, and have to fit the catalog', () => {
  const detail = {
    ...{ type: 'remit_call', locations: ['https://orders.example'], actions: ['orders.refund'] },
    bounds: [{ path: '/amount', op: 'lte', value: '40' }],
  }
  assert.equal(changed({ details: [{ ...detail, bounds: [] }] }).details?.length, 1)
  refused({ details: [{ ...detail, type: 'other' }] }, /^`details`: /)
  refused({ details: 'all' }, /^`details`: /)
  refused(
    { details: [{ ...detail, actions: ['read'], bounds: [] }] },
    /groups that no action is in/,
  )
  refused(
    { details: [{ ...detail, actions: ['orders.read'] }] },
    /orders\.read has no typed argument amount/,
  )
})
