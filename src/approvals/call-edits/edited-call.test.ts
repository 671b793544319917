import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Action } from '../../catalog/catalog/index.ts'
import { planImport } from '../../catalog/catalog/testing.ts'
import { templateDigest } from '../../catalog/catalog-changes/index.ts'
import { type Canonical, canonicalJson } from '../../platform/lib/canonical-json.ts'
import { parseJson } from '../../platform/lib/json.ts'
import {
  callHash,
  type FrozenCall,
  frozenText,
  type Leaf,
  readFrozen,
} from '../access-requests/index.ts'
import { aCall, anAsk } from '../approvals/testing.ts'
import type { Edit } from './edit.ts'
import { editableArguments, editCall, editedArguments } from './edited-call.ts'

const integer = { type: 'integer' }
const list = { type: 'array', items: { type: 'string' } }
const PROPERTIES = {
  ...{ amount: { type: 'number', minimum: 10 }, count: integer, debt: integer, none: integer },
  ...{ to: list, one: list, note: { type: 'string' }, 'a/b': integer, 'c~d': integer },
  ...{ owner: { type: 'object', properties: { share: integer } } },
}
const [ACTION = assert.fail()] = planImport(
  {
    openapi: '3.1.0',
    info: { title: 'Things', version: '1' },
    servers: [{ url: 'https://things.example' }],
    paths: {
      '/things/{id}': {
        post: {
          'x-remit-action': 'do',
          'x-remit-sentence': 'Pay {amount} for {id}',
          parameters: [
            { name: 'id', in: 'path', required: true, schema: integer },
            { name: 'page', in: 'query', schema: integer },
          ],
          requestBody: {
            content: {
              'application/json': { schema: { type: 'object', properties: PROPERTIES } },
            },
          },
          responses: {},
        },
      },
    },
  },
  { name: 'things', identifier: 'https://gateway.example/things' },
).actions

const BODY = {
  ...{ amount: 900.5, count: 3, debt: -5, none: 0, to: ['a', 'b', 'c'], one: ['a'], note: 'n' },
  ...{ 'a/b': 7, 'c~d': 7, owner: { share: 50 } },
}
const leaf = (path: string, kind: Leaf['kind'], text: string): Leaf => ({ path, kind, text })
const LEAVES: readonly Leaf[] = [
  ...[leaf('/id', 'integer', '42'), leaf('/page', 'integer', '2')],
  ...[leaf('/amount', 'decimal', '900.5'), leaf('/count', 'integer', '3')],
  ...[leaf('/debt', 'integer', '-5'), leaf('/none', 'integer', '0')],
  ...[leaf('/to', 'list', '["a","b","c"]'), leaf('/one', 'list', '["a"]')],
  ...[leaf('/note', 'string', 'n'), leaf('/a~1b', 'integer', '7'), leaf('/c~0d', 'integer', '7')],
  leaf('/owner/share', 'integer', '50'),
]
const ALL = LEAVES.map(({ path }) => path)

interface StatedCall {
  readonly action?: Action | undefined
  readonly body?: FrozenCall['body']
  readonly editable?: readonly string[] | undefined
  readonly inspected?: readonly Leaf[] | null
  readonly method?: string
}

const json = (value: unknown): FrozenCall['body'] => ({
  kind: 'json',
  value: parseJson(JSON.stringify(value)) as Canonical, // as: JSON is canonical by its kinds
})

/** Request for a call with every argument, all of which may be changed, but for what is said. */
function request(given: StatedCall = {}) {
  const editable = 'editable' in given ? given.editable : ALL
  const call = aCall({
    ...{ resource: 'things', action: ACTION.name, definition: ACTION.digest },
    ...{ path: '/things/42', query: [['page', '2']], method: given.method ?? 'POST' },
    body: given.body ?? json(BODY),
  })
  return {
    ask: anAsk(editable === undefined ? {} : { editable }),
    call: frozenText(call),
    inspected: given.inspected === undefined ? LEAVES : given.inspected,
  }
}

const actionOf = (given: StatedCall) => ('action' in given ? given.action : ACTION)

function editable(given: StatedCall = {}) {
  return editableArguments(request(given), actionOf(given)).map(({ leaf: { path } }) => path)
}

function edited(edits: readonly Edit[], given: StatedCall = {}) {
  return editCall(request(given), actionOf(given), edits)
}

/** JSON text of the body after these changes. */
function bodyOf(edits: readonly Edit[], given: StatedCall = {}): Record<string, unknown> {
  return JSON.parse(edited(edits, given).call).body.value
}

function refused(edits: readonly Edit[], detail: RegExp, given: StatedCall = {}): void {
  const told = { code: 'approval.bad_edit', detail }
  assert.throws(() => edited(edits, given), told, JSON.stringify(edits))
}

test('numbers that are not negative and lists of several items may be changed, in a JSON body', () => {
  const all = ['/amount', '/count', '/none', '/to', '/a~1b', '/c~0d', '/owner/share']
  assert.deepEqual(editable(), all)
  assert.deepEqual(editable({ editable: ['/count', '/unknown'] }), ['/count'])
  const listed = editableArguments(request(), ACTION).map(({ items }) => items)
  assert.deepEqual(listed.filter(Boolean), [['"a"', '"b"', '"c"']])
})

test('nothing may be changed that no rule names, or that has no type', () => {
  assert.deepEqual(editable({ editable: undefined }), [])
  assert.deepEqual(editable({ editable: [] }), [])
  assert.deepEqual(editable({ inspected: null }), [])
  assert.deepEqual(editable({ action: undefined }), [])
  assert.deepEqual(editable({ action: { ...ACTION, digest: 'other' } }), [])
  const noList = LEAVES.map((each) => (each.path === '/to' ? { ...each, text: '{}' } : each))
  assert.ok(!editable({ inspected: noList }).includes('/to'))
})

test('nothing may be changed in a body that is not read member by member', () => {
  const { arguments: known } = ACTION
  const whole = {
    ...ACTION,
    arguments: { ...known, body: { ...known.body, form: 'whole' } },
  } as Action // as: only its form is looked at
  assert.deepEqual(editable({ action: whole }), [])
  assert.deepEqual(editable({ body: { kind: 'digest', digest: 'x' } }), [])
  assert.deepEqual(editable({ body: { kind: 'none' } }), [])
  assert.deepEqual(editable({ method: 'prompts/get' }), [])
})

test('a change is the same call with less in it, and everything that is frozen about it follows', () => {
  const made = edited([{ path: '/amount', text: '500.5' }])
  const { body, ...others } = readFrozen(made.call)
  const { body: _, ...asked } = readFrozen(request().call)
  assert.deepEqual(others, asked)
  assert.ok(body.kind === 'json')
  assert.equal(
    canonicalJson(body.value),
    canonicalJson(parseJson(JSON.stringify({ ...BODY, amount: 500.5 }))),
  )
  assert.equal(made.callHash, callHash(readFrozen(made.call)))
  assert.equal(made.templateDigest, templateDigest(ACTION))
  assert.equal(made.text, 'Pay 500.5 for 42')
  const texts = made.inspected?.map(({ path, text }) => `${path} ${text}`)
  const before = LEAVES.map(({ path, text }) => `${path} ${path === '/amount' ? '500.5' : text}`)
  assert.deepEqual(texts, before)
})

test('several arguments change at once, wherever they are', () => {
  const body = bodyOf([
    { path: '/count', text: '2' },
    { path: '/to', keep: [0, 2] },
    { path: '/a~1b', text: '6' },
    { path: '/c~0d', text: '5' },
    { path: '/owner/share', text: '0' },
  ])
  assert.deepEqual(body, {
    ...BODY,
    ...{ count: 2, to: ['a', 'c'], 'a/b': 6, 'c~d': 5, owner: { share: 0 } },
  })
})

test('a number is written as every program would write it', () => {
  for (const [text, amount] of [
    ['500.50', '500.5'],
    ['500.00', '500'],
    ['100', '100'],
    ['10.0', '10'],
    ['900.4999', '900.4999'],
  ] as const) {
    const made = edited([{ path: '/amount', text }])
    assert.match(made.call, new RegExp(`"amount":${amount.replace('.', '\\.')}[,}]`), text)
    assert.equal(made.inspected?.find(({ path }) => path === '/amount')?.text, amount)
  }
})

test('a number in a text stays one, as it was typed', () => {
  const quoted = LEAVES.map((each) =>
    each.path === '/note' ? leaf('/note', 'decimal', '9.00') : each,
  )
  const body = bodyOf([{ path: '/note', text: '8.50' }], {
    ...{ body: json({ ...BODY, note: '9.00' }), inspected: quoted },
  })
  assert.equal(body.note, '8.50')
})

test('a number that is not smaller, or no number of that kind, is refused', () => {
  for (const text of [
    ...['900.5', '900.50', '900.51', '1000', '-1', '-0', '9e2', '0x5', ' 5', '5 ', 'x5', '5x', ''],
    ...['NaN', '05', '5.', '.5', '5.00001', '1'.repeat(20), '0.55555', '5.0.0'],
  ])
    refused([{ path: '/amount', text }], /has to be a number that is smaller than 900\.5$/)
  refused([{ path: '/count', text: '3' }], /smaller than 3$/)
  refused([{ path: '/count', text: '2.5' }], /smaller than 3$/)
  refused([{ path: '/none', text: '0' }], /smaller than 0$/)
  refused([{ path: '/amount', text: '9.99' }], /^`\/amount` /)
})

test('some items of a list stay in their order, and some go', () => {
  assert.deepEqual(bodyOf([{ path: '/to', keep: [1] }]).to, ['b'])
  for (const keep of [[], [0, 1, 2], [1, 0], [0, 0], [3], [2, 3], [-1], [0, 7]])
    refused([{ path: '/to', keep }], /^of \/to some items have to stay, and some have to go$/)
  refused([{ path: '/amount', keep: [0] }], /^of \/amount some items have to stay/)
  refused([{ path: '/to', text: '1' }], /^\/to has to be a number/)
})

test('a list that is not as it was inspected is refused', () => {
  for (const to of [['a', 'b'], 'abc', ['a', 'b', 'c', 'd']])
    refused([{ path: '/to', keep: [0] }], /some items have to stay/, {
      body: json({ ...BODY, to }),
    })
})

test('an argument that may not be changed, or is named twice, is refused', () => {
  for (const path of ['/id', '/page', '/debt', '/one', '/note', '/unknown', 'count', ''])
    refused([{ path, text: '1' }], / may not be changed$/)
  const once = { path: '/count', text: '2' }
  refused([], /^it names no argument, or one twice$/)
  refused([once, { path: '/count', text: '1' }], /^it names no argument, or one twice$/)
  refused([once], /^it names no argument, or one twice$/, { action: undefined })
  refused([once], / may not be changed$/, { inspected: null })
})

test('an argument that is not in the call is refused', () => {
  const { count: _, owner: __, ...less } = BODY
  const given = { body: json(less) }
  refused([{ path: '/count', text: '2' }], /^count is not in the call$/, given)
  refused([{ path: '/owner/share', text: '2' }], /^owner is not in the call$/, given)
  const flat = { body: json({ ...less, owner: 5 }) }
  refused([{ path: '/owner/share', text: '2' }], /^share is not in the call$/, flat)
})

test('a tool of an MCP server is changed in its arguments', () => {
  const action = { ...ACTION, method: 'tools/call' }
  const given = {
    ...{ action, method: 'tools/call' },
    body: json({ name: 'do', arguments: BODY }),
  }
  assert.deepEqual(editable(given), [
    '/amount',
    '/count',
    '/none',
    '/to',
    '/a~1b',
    '/c~0d',
    '/owner/share',
  ])
  const body = bodyOf([{ path: '/count', text: '2' }], given)
  assert.deepEqual(body, { name: 'do', arguments: { ...BODY, count: 2 } })
})

test('differences are those of the texts that both were inspected with', () => {
  const after = [
    leaf('/count', 'integer', '2'),
    leaf('/to', 'list', '["a"]'),
    leaf('/note', 'string', 'n'),
  ]
  const found = editedArguments({ inspected: LEAVES }, { inspected: after })
  assert.deepEqual(found, [
    { path: '/count', from: '3', to: '2' },
    { path: '/to', from: '["a","b","c"]', to: '["a"]' },
  ])
  assert.deepEqual(editedArguments({ inspected: null }, { inspected: after }), [])
  assert.deepEqual(editedArguments({ inspected: LEAVES }, { inspected: null }), [])
})
