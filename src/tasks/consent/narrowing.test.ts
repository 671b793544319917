import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Detail } from '@remit/engine'
import type { Action, CatalogView } from '../../catalog/catalog/index.ts'
import { jsonBody, planOperation, planOrders } from '../../catalog/catalog/testing.ts'
import {
  type ActionFacts,
  consentChoices,
  groupOf,
  isRisky,
  isYes,
  knownIn,
  narrowed,
} from './narrowing.ts'

const READ: Detail = {
  type: 'remit_call',
  locations: ['https://gw.example/orders'],
  actions: ['orders.read'],
  bounds: [{ path: '/order_id', op: 'eq', value: '1042' }],
}
const REFUND: Detail = {
  ...READ,
  actions: ['orders.refund'],
  bounds: [
    { path: '/amount', op: 'lte', value: '1000.00' },
    { path: '/currency', op: 'in', value: ['EUR', 'USD'] },
  ],
}
const known: ActionFacts = {
  limitsOf: (_location, action) => (action === 'orders.refund' ? ['/amount', '/fee'] : []),
  riskOf: (action) => (action === 'orders.refund' ? 'high' : 'low'),
  isReading: (action) => action === 'orders.read',
}

/** The form as it is sent when nothing was touched. */
const UNTOUCHED = {
  'detail-0': 'yes',
  'detail-1': 'yes',
  'bound-1-0': '1000.00',
  'bound-1-1-0': 'yes',
  'bound-1-1-1': 'yes',
  'limit-1-/fee': '',
}

function sent(change: Record<string, string | undefined> = {}): readonly Detail[] {
  const fields = Object.entries({ ...UNTOUCHED, ...change }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  return narrowed([READ, REFUND], known, new Map(fields))
}

it('a form that was not touched leaves everything as it was asked', () => {
  assert.deepEqual(sent(), [READ, REFUND])
})

it('what is not ticked is not granted', () => {
  assert.deepEqual(sent({ 'detail-1': undefined }), [READ])
  assert.deepEqual(sent({ 'detail-0': undefined, 'detail-1': undefined }), [])
})

it('what is left out as a group, or changes something where only reading is allowed, is not granted', () => {
  const [read, refund] = consentChoices([READ, REFUND], known)
  assert.ok(read && refund)
  assert.deepEqual([isRisky(read), isRisky(refund)], [false, true])
  assert.deepEqual([groupOf(read), groupOf(refund)], ['none-do-low', 'none-do-high'])
  assert.deepEqual(sent({ [groupOf(read)]: 'yes' }), [REFUND])
  assert.deepEqual(sent({ answer: 'read' }), [READ])
  const handOn: Detail = { ...READ, type: 'remit_delegate' }
  const both = consentChoices([READ, handOn], known)
  assert.notEqual(...(both.map(groupOf) as [string, string]), 'to do and to hand on are apart')
  const fields = new Map([
    ['detail-0', 'yes'],
    ['detail-1', 'yes'],
    ['answer', 'read'],
  ] as const)
  assert.deepEqual(narrowed([READ, handOn], known, fields), [READ])
})

it('bounds take the values of the form, and new limits are added', () => {
  const [, refund] = sent({
    'bound-1-0': ' 50.00 ',
    'bound-1-1-1': undefined,
    'limit-1-/fee': '2',
  })
  assert.deepEqual(refund?.bounds, [
    { path: '/amount', op: 'lte', value: '50.00' },
    { path: '/currency', op: 'in', value: ['EUR'] },
    { path: '/fee', op: 'lte', value: '2' },
  ])
})

it('actions that the agent put together are taken or left one by one, and bounded one by one', () => {
  const both: Detail = { ...READ, actions: ['orders.read', 'orders.refund'] }
  const left = (fields: Record<string, string>) =>
    narrowed([both], known, new Map(Object.entries(fields)))
  assert.deepEqual(left({ 'detail-0': 'yes', 'detail-1': 'yes' }), [both], 'untouched: as asked')
  assert.deepEqual(left({ 'detail-0': 'yes' }), [READ])
  const limited = left({ 'detail-0': 'yes', 'detail-1': 'yes', 'limit-1-/amount': '50' })
  assert.deepEqual(limited, [
    READ,
    {
      ...READ,
      actions: ['orders.refund'],
      bounds: [...READ.bounds, { path: '/amount', op: 'lte', value: '50' }],
    },
  ])
})

it('more actions than anyone reads are left as they were put together', () => {
  const many: Detail = { ...READ, actions: Array.from({ length: 65 }, (_, i) => `orders.a${i}`) }
  assert.deepEqual(narrowed([many], known, new Map([['detail-0', 'yes']])), [many])
})

it('a list of values cannot be emptied into "any value"', () => {
  assert.throws(() => sent({ 'bound-1-1-0': undefined, 'bound-1-1-1': undefined }), {
    code: 'consent.nothing_granted',
  })
})

it('fields that were not asked about change nothing', () => {
  assert.deepEqual(
    sent({ 'bound-0-0': '2001', 'limit-0-/amount': '1', 'detail-2': 'yes', 'bound-1-7': 'x' }),
    [READ, REFUND],
  )
})

it('actions of the highest risks, and unknown ones, are ticked by the person', () => {
  const risks = ['low', 'medium', 'high', 'critical', undefined] as const
  assert.deepEqual(
    risks.map((risk) => isRisky({ risk })),
    [false, false, true, true, true],
  )
})

it('as many actions as a person reads are told one by one', () => {
  const actions = Array.from({ length: 64 }, (_, i) => `orders.a${i}`)
  assert.equal(consentChoices([{ ...READ, actions }], known).length, 64)
})

it('actions that stay together are reading only where all of them are, and are limited only where all of them can be', () => {
  const reading = Array.from({ length: 64 }, (_, i) => `orders.read${i}`)
  const facts: ActionFacts = {
    limitsOf: (_location, action) => (action === 'orders.refund' ? ['/amount'] : ['/amount', '/x']),
    riskOf: () => 'low',
    isReading: (action) => action.startsWith('orders.read'),
  }
  const mixed: Detail = { ...READ, actions: [...reading, 'orders.refund'] }
  const [choice] = consentChoices([mixed], facts)
  assert.equal(choice?.reading, false)
  const limit = { kind: 'limit', path: '/amount', name: 'limit-0-/amount' }
  assert.deepEqual(choice?.bounds.slice(1), [limit])
  const fields = new Map([
    ['detail-0', 'yes'],
    ['answer', 'read'],
  ])
  assert.deepEqual(narrowed([mixed], facts, fields), [])
})

it('a limit is offered for an argument that has none yet, of an action at a place', () => {
  const [refund, placeless] = consentChoices(
    [REFUND, { ...REFUND, locations: [], bounds: [] }],
    known,
  )
  assert.deepEqual(
    refund?.bounds.map(({ kind }) => kind),
    ['text', 'values', 'limit'],
  )
  assert.deepEqual(placeless?.bounds, [])
})

it('a bound that the form leaves out stays as it was, and a limit of blanks is none', () => {
  assert.deepEqual(sent({ 'bound-1-0': undefined, 'limit-1-/fee': '  ' }), [READ, REFUND])
  const [, refund] = sent({ 'limit-1-/fee': ' 2 ' })
  assert.deepEqual(refund?.bounds.at(-1), { path: '/fee', op: 'lte', value: '2' })
})

it('a yes is one to all that is ticked, or to reading alone', () => {
  const answers = ['grant', 'read', 'deny', '', undefined]
  assert.deepEqual(answers.map(isYes), [true, true, false, false, false])
})

it('the catalog says what an action does: as far as an administrator has confirmed it, and at its own place', () => {
  const orders = planOrders()
  const things = planOperation(
    jsonBody({
      type: 'object',
      properties: {
        count: { type: 'integer' },
        amount: { type: 'number' },
        note: { type: 'string' },
        page: { type: 'integer' },
      },
    }),
  )
  const hint: Action[] = orders.actions
    .filter(({ name }) => name === 'orders.read')
    .map((action) => ({
      ...action,
      name: 'orders.hint',
      riskProposed: true,
      definition: { kind: 'tool' } as Action['definition'], // as: nothing else of it is read
    }))
  const actions = [...orders.actions, ...things.actions, ...hint]
  const resources = [orders.resource, things.resource]
  const facts = knownIn({
    actions: new Map(actions.map((action) => [action.name, action])),
    byIdentifier: new Map(resources.map((resource) => [resource.identifier, resource])),
  } as unknown as CatalogView) // as: nothing else of it is read
  const names = ['orders.read', 'orders.refund', 'orders.hint', 'orders.none']
  assert.deepEqual(names.map(facts.riskOf), ['low', 'high', 'high', undefined])
  assert.deepEqual(names.map(facts.isReading), [true, false, false, false])
  const limits = (of: { readonly identifier: string }, action: string) =>
    facts.limitsOf(of.identifier, action)
  assert.deepEqual(limits(orders.resource, 'orders.refund'), ['/amount'])
  assert.deepEqual(limits(orders.resource, 'orders.list'), [], 'a page is no limit')
  assert.deepEqual(limits(things.resource, 'things.do'), ['/count', '/amount'])
  assert.deepEqual(limits(things.resource, 'orders.refund'), [], 'another place')
  assert.deepEqual(limits(orders.resource, 'orders.none'), [])
  assert.deepEqual(limits({ identifier: 'https://gw.example/none' }, 'orders.refund'), [])
})
