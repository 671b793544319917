import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogView } from '../../../catalog/catalog/catalog.ts'
import type { Resource } from '../../../catalog/catalog/index.ts'
import { planImport } from '../../../catalog/catalog/testing.ts'
import type { Claims } from '../../../platform/jose/index.ts'
import type { AssertedOpening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readAsserted } from './asserted.ts'

const plans = ['orders', 'billing'].map((name) =>
  planImport(
    {
      openapi: '3.1.0',
      info: { title: name, version: '1' },
      servers: [{ url: `https://${name}.example` }],
      paths: {
        '/things': {
          get: { 'x-remit-action': 'read', responses: {} },
          post: { 'x-remit-action': 'add', responses: {} },
        },
      },
    },
    { name, identifier: `https://gateway.example/${name}` },
  ),
)
const RESOURCES = plans.map(({ resource }) => ({ ...resource, status: 'active' }) as Resource) // as: resources that are stored
const ACTIONS = plans.flatMap(({ actions }) => actions)
const VIEW = catalogView(RESOURCES, ACTIONS)
const [ORDERS, BILLING] = ['https://gateway.example/orders', 'https://gateway.example/billing']
const call = (name: string, ...actions: readonly string[]) => ({
  ...{ type: 'remit_call', locations: [`https://gateway.example/${name}`], bounds: [] },
  actions: actions.map((each) => `${name}.${each}`),
})
const handOn = (name: string, ...actions: readonly string[]) => ({
  ...call(name, ...actions),
  type: 'remit_delegate',
})

function asserted(claims: object, asked: Partial<AssertedOpening> = {}) {
  const parts = { catalog: { current: () => VIEW } } as unknown as GrantParts // as: all that is asked of them
  return readAsserted(parts, asked as AssertedOpening, claims as Claims) // as: all that is read of them
}

async function granted(claims: object, asked: Partial<AssertedOpening> = {}) {
  const { details } = await asserted(claims, asked)
  return details.flatMap(({ actions, type }) => actions.map((name) => `${type} ${name}`)).toSorted()
}

const READ = { scope: 'orders.read' }

test('what an assertion allows is granted, as far as it is asked for', async () => {
  const both = { scope: 'orders.read billing.read' }
  assert.deepEqual(await granted(both), ['remit_call billing.read', 'remit_call orders.read'])
  assert.deepEqual(await granted(both, READ), ['remit_call orders.read'])
  const details = [call('orders', 'read', 'add')]
  assert.deepEqual(await granted({ authorization_details: details }, READ), [
    'remit_call orders.read',
  ])
})

test('what may be handed on is granted apart from what may be called', async () => {
  const claims = { authorization_details: [call('orders', 'read'), handOn('orders', 'read')] }
  const all = ['remit_call orders.read', 'remit_delegate orders.read']
  assert.deepEqual(await granted(claims), all)
  assert.deepEqual(await granted(claims, READ), ['remit_call orders.read'])
  const details = [handOn('orders', 'read')]
  assert.deepEqual(await granted(claims, { details }), ['remit_delegate orders.read'])
  const handedOn = { authorization_details: details }
  assert.deepEqual(await granted(handedOn), ['remit_delegate orders.read'])
})

test('the limit is all that the assertion allows, whatever is asked for', async () => {
  const { limit } = await asserted({ scope: 'orders.read orders.add' }, READ)
  assert.deepEqual(
    limit.flatMap(({ actions }) => actions),
    ['orders.read', 'orders.add'],
  )
})

test('scopes and types that mean nothing here are worth nothing', async () => {
  const chat = { type: 'chat', actions: ['x'] }
  const claims = { scope: 'openid orders.read other', authorization_details: [chat, null, 'x', 7] }
  assert.deepEqual(await granted(claims), ['remit_call orders.read'])
  const nothing = { code: 'task.nothing_requested' }
  for (const empty of [
    {},
    { scope: '' },
    { scope: 'openid' },
    { authorization_details: [] },
    { authorization_details: [chat] },
  ])
    await assert.rejects(asserted(empty), nothing, JSON.stringify(empty))
  await assert.rejects(asserted(READ, { scope: 'billing.read' }), nothing)
})

test('a scope that is no text, and details that are no list, are refused', async () => {
  for (const claims of [
    { scope: ['orders.read'] },
    { scope: null },
    { authorization_details: {} },
    { authorization_details: 'x' },
    { authorization_details: null },
  ])
    await assert.rejects(asserted(claims), { code: 'token.malformed' }, JSON.stringify(claims))
})

test('details of ours that cannot be read refuse the whole, in the assertion and in the request', async () => {
  const wrong = [{ ...call('orders', 'read'), bounds: 'x' }]
  await assert.rejects(asserted({ ...READ, authorization_details: wrong }), { name: 'Problem' })
  await assert.rejects(asserted(READ, { details: wrong }), { name: 'Problem' })
})

test('the resource is the one that is asked for, or the only one that the assertion names', async () => {
  const at = async (resource: unknown, asked?: string) =>
    (await asserted({ ...READ, resource }, asked === undefined ? {} : { resource: asked })).resource
  assert.equal(await at(undefined), undefined)
  assert.equal(await at(undefined, BILLING), BILLING)
  for (const named of [ORDERS, [ORDERS], [ORDERS, 'https://unknown.example', 7]])
    assert.equal(await at(named), ORDERS, JSON.stringify(named))
  assert.equal(await at([ORDERS, BILLING]), undefined)
  assert.equal(await at([ORDERS, BILLING], BILLING), BILLING)
})

test('a resource that the assertion does not name, or that is not known, is refused', async () => {
  const other = asserted({ ...READ, resource: ORDERS }, { resource: BILLING })
  await assert.rejects(other, { code: 'task.resource_not_granted' })
  for (const resource of ['https://unknown.example', [], [7], 7, null])
    await assert.rejects(
      asserted({ ...READ, resource }),
      { code: 'grant.not_accepted' },
      JSON.stringify(resource),
    )
})

test('details are granted at the named resources alone', async () => {
  const both = { ...call('orders', 'read'), locations: [ORDERS, BILLING] }
  const claims = { authorization_details: [both, call('billing', 'read')], resource: ORDERS }
  const { limit } = await asserted(claims)
  assert.deepEqual(limit, [{ ...both, locations: [ORDERS] }])
  const elsewhere = { authorization_details: [call('billing', 'read')], resource: ORDERS }
  await assert.rejects(asserted(elsewhere), { code: 'task.nothing_requested' })
})
