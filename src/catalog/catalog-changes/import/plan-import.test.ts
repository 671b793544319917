import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Argument } from '@remit/engine'
import { parse, stringify } from 'yaml'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  jsonBody,
  ORDERS_DOCUMENT,
  ORDERS_OPTIONS,
  onlyAction,
  operationDocument,
  planOperation,
  planOrders,
} from '../../catalog/testing.ts'
import { planImport } from './plan-import.ts'
import { planImportInWorker } from './plan-import-in-worker.ts'

function argument(plan: ReturnType<typeof planOperation>, name: string): Argument {
  const found = onlyAction(plan).arguments.arguments.find((each) => each.name === name)
  assert.ok(found, `no argument ${name}`)
  return found
}

function refuses(document: unknown, pattern: RegExp, options: object = {}): void {
  assert.throws(
    () => planImport(document, { ...ORDERS_OPTIONS, ...options }),
    (error) => error instanceof Problem && pattern.test(error.message),
  )
}

describe('importing an OpenAPI document', () => {
  it('reads the sample API with the names, risks and sentences it proposes', () => {
    const { resource, actions, notes } = planOrders()
    assert.deepEqual(notes, [])
    assert.equal(resource.upstream, 'http://127.0.0.1:7483')
    assert.deepEqual(
      actions.map(({ name, method, path, access, risk }) => [name, method, path, access, risk]),
      [
        ['orders.list', 'GET', '/orders', 'read', 'low'],
        ['orders.read', 'GET', '/orders/{order_id}', 'read', 'low'],
        ['orders.list-refunds', 'GET', '/orders/{order_id}/refunds', 'read', 'low'],
        ['orders.refund', 'POST', '/orders/{order_id}/refunds', 'write', 'high'],
        ['orders.watch', 'GET', '/orders/{order_id}/events', 'read', 'low'],
      ],
    )
    assert.ok(actions.every(({ riskProposed, untyped }) => riskProposed && untyped.length === 0))
  })

  it('reads the same from YAML, JSON and a parsed value, also in a thread', async () => {
    const value: unknown = parse(ORDERS_DOCUMENT)
    const json = JSON.stringify(value)
    const expected = planImport(json, ORDERS_OPTIONS)
    assert.deepEqual(planImport(value, ORDERS_OPTIONS), expected)
    assert.deepEqual(planImport(stringify(value), ORDERS_OPTIONS), expected)
    // An example in it says 40.00, which a parsed value has forgotten.
    assert.deepEqual(planOrders().actions, expected.actions)
    assert.deepEqual(await planImportInWorker(json, ORDERS_OPTIONS), expected)
    await assert.rejects(
      planImportInWorker('openapi: 2', ORDERS_OPTIONS),
      (error) => error instanceof Problem && error.code === 'catalog.bad_document',
    )
  })

  it('proposes the risk class from the method, unless the document says another', () => {
    const operation = { responses: {} }
    const paths = { '/a': { get: operation, put: operation, patch: operation, delete: operation } }
    const { actions } = planImport({ ...operationDocument({}), paths }, ORDERS_OPTIONS)
    assert.deepEqual(
      actions.map(({ method, risk, access }) => [method, risk, access]),
      [
        ['GET', 'low', 'read'],
        ['PUT', 'medium', 'write'],
        ['PATCH', 'medium', 'write'],
        ['DELETE', 'high', 'write'],
      ],
    )
    assert.equal(onlyAction(planOperation({ 'x-remit-risk': 'critical' })).risk, 'critical')
    const odd = planOperation({ 'x-remit-risk': 'none' })
    assert.equal(onlyAction(odd).risk, 'medium')
    assert.match(odd.notes.join(), /x-remit-risk/)
  })

  it('keeps names of path, query and body apart, visibly', () => {
    const plan = planOperation({
      parameters: [{ name: 'id', in: 'query', schema: { type: 'integer' } }],
      ...jsonBody({
        type: 'object',
        properties: { id: { type: 'boolean' }, query_id: { type: 'string' } },
      }),
    })
    assert.deepEqual(
      onlyAction(plan).arguments.arguments.map(({ name, wire, place, type }) => [
        name,
        wire,
        place,
        type.kind,
      ]),
      [
        ['id', 'id', 'path', 'string'],
        ['query_id', 'id', 'query', 'integer'],
        ['body_id', 'id', 'body', 'boolean'],
        ['body_query_id', 'query_id', 'body', 'string'],
      ],
    )
    assert.match(plan.notes.join('\n'), /`id` of the body is called `body_id` here/)
  })

  it('types what has one type, and lists the rest with the reason', () => {
    const plan = planOperation({
      parameters: [
        { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
        { name: 'tag', in: 'query', schema: { type: 'array', items: { type: 'string' } } },
        {
          name: 'ids',
          in: 'query',
          explode: false,
          schema: { type: 'array', items: { type: 'string' } },
        },
        {
          name: 'filter',
          in: 'query',
          style: 'deepObject',
          schema: { type: 'object', properties: {} },
        },
      ],
      ...jsonBody({
        type: 'object',
        required: ['amount', 'when'],
        properties: {
          amount: { type: 'number' },
          count: { type: 'integer', format: 'int32' },
          when: { type: ['string', 'null'], format: 'date-time' },
          price: { type: 'string', 'x-remit-kind': 'decimal' },
          file: { type: 'string', 'x-remit-kind': 'path' },
          either: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
          maybe: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          anything: {},
          address: {
            type: 'object',
            properties: { city: { type: 'string' }, odd: { type: ['string', 'integer'] } },
          },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          'quoted "name"': { type: 'string' },
          __entity2: { type: 'string' },
        },
      }),
    })
    assert.deepEqual(argument(plan, 'amount').type, { kind: 'decimal' })
    assert.equal(argument(plan, 'when').type.kind, 'datetime')
    assert.equal(argument(plan, 'when').nullable, true)
    assert.deepEqual(argument(plan, 'price').type, { kind: 'decimal', quoted: true })
    assert.equal(argument(plan, 'file').type.kind, 'path')
    assert.deepEqual(argument(plan, 'maybe').type, { kind: 'string' })
    assert.equal(argument(plan, 'maybe').nullable, true)
    assert.equal(argument(plan, 'tag').type.kind, 'set')
    const at = new Map(onlyAction(plan).untyped.map(({ at, reason }) => [at, reason]))
    assert.deepEqual(
      [...at.keys()].sort(),
      [
        '(header) X-Trace',
        '/__entity2',
        '/address/odd',
        '/anything',
        '/either',
        '/ids',
        '/labels',
        '/quoted "name"',
      ].sort(),
    )
    assert.match(at.get('/either') ?? '', /a string or a number/)
  })

  it('keeps numbers of the document exact', () => {
    const yaml = `openapi: 3.1.0
info: { title: T, version: '1' }
servers: [{ url: 'http://127.0.0.1:1' }]
paths:
  /a:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                amount: { type: number, minimum: 0.10, maximum: 1e3, multipleOf: 0.01 }
                count: { type: integer, maximum: 9223372036854775807 }
                tiny: { type: number, minimum: 0.00001 }
`
    const plan = planImport(yaml, ORDERS_OPTIONS)
    assert.deepEqual(argument(plan, 'amount').type, {
      kind: 'decimal',
      minimum: '0.1',
      maximum: '1000',
      multipleOf: '0.01',
    })
    assert.deepEqual(argument(plan, 'count').type, {
      kind: 'integer',
      maximum: '9223372036854775807',
    })
    assert.deepEqual(argument(plan, 'tiny').type, { kind: 'decimal' })
    assert.match(plan.notes.join(), /`minimum: 0.00001` is left to the API/)
  })

  it('follows local references, adds up allOf, and stops at circles and at the door', () => {
    const components = {
      schemas: {
        Base: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
        Node: {
          type: 'object',
          properties: { value: { type: 'string' }, next: { $ref: '#/components/schemas/Node' } },
        },
        Loop: { $ref: '#/components/schemas/Loop' },
        More: {
          allOf: [
            { $ref: '#/components/schemas/Base' },
            {
              properties: {
                b: { allOf: [{ type: 'integer' }], description: 'x' },
                node: { $ref: '#/components/schemas/Node' },
                loop: { $ref: '#/components/schemas/Loop' },
                gone: { $ref: '#/components/schemas/Gone' },
                far: { $ref: 'https://attacker.example/schema.json' },
              },
            },
          ],
        },
      },
    }
    const plan = planOperation(jsonBody({ $ref: '#/components/schemas/More' }), { components })
    assert.equal(argument(plan, 'a').required, true)
    assert.equal(argument(plan, 'b').type.kind, 'integer')
    const reasons = Object.fromEntries(
      onlyAction(plan).untyped.map(({ at, reason }) => [at, reason]),
    )
    assert.match(reasons['/node/next'] ?? '', /contains itself/)
    assert.match(reasons['/loop'] ?? '', /circle/)
    assert.match(reasons['/gone'] ?? '', /not in the document/)
    assert.match(reasons['/far'] ?? '', /outside the document/)
  })

  it('ends on a document that unfolds without end', () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [
        `S${i}`,
        {
          type: 'object',
          properties: {
            a: { $ref: `#/components/schemas/S${i + 1}` },
            b: { $ref: `#/components/schemas/S${i + 1}` },
          },
        },
      ]),
    )
    const plan = planOperation(jsonBody({ $ref: '#/components/schemas/S0' }), {
      components: { schemas },
    })
    assert.match(plan.notes.join(), /more than 512 fields/)
  })

  it('leaves out what a gateway cannot match in one way, and says so', () => {
    const operation = { responses: {} }
    const { actions, notes } = planImport(
      {
        ...operationDocument({}),
        paths: {
          '/a/{x}': { get: operation, trace: operation },
          '/a/{y}': { get: operation },
          '/b/': { get: operation },
          '/c/{x}.json': { get: operation },
          '/c/{x}': { get: operation },
          '/d/{x}{y}': { get: operation },
          '/g/{x}...{y}': { get: operation },
          '/d/%2e%2e/e': { get: operation },
          '/e;v=1': { get: operation },
          '/f/{x}/{x}': { get: operation },
        },
      },
      ORDERS_OPTIONS,
    )
    assert.deepEqual(
      actions.map(({ path }) => path),
      ['/a/{x}', '/c/{x}', '/g/{x}...{y}'],
    )
    assert.equal(notes.length, 8)
  })

  it('gives every operation a name of its own', () => {
    const { actions } = planImport(
      {
        ...operationDocument({}),
        paths: {
          '/a': { get: { operationId: 'getThing' }, post: { operationId: 'get-thing' } },
          '/b/{x}': { get: {} },
          '/c': { get: { 'x-remit-action': 'orders.see' } },
        },
      },
      ORDERS_OPTIONS,
    )
    assert.deepEqual(
      actions.map(({ name }) => name),
      ['orders.get-thing', 'orders.get-thing-2', 'orders.get-b-x', 'orders.see'],
    )
  })

  it('uses a proposed sentence only when it fits', () => {
    const good = planOperation({ 'x-remit-sentence': 'Do {id}' })
    assert.equal(onlyAction(good).sentence, 'Do {id}')
    const bad = planOperation({ 'x-remit-sentence': 'Do {nothing}', summary: 'Does\u202e it' })
    assert.equal(onlyAction(bad).sentence, 'POST /things/{id}')
    assert.match(bad.notes.join(), /x-remit-sentence/)
    assert.equal(
      onlyAction(planOperation({ summary: 'Do it' })).sentence,
      'Do it (POST /things/{id})',
    )
  })

  it('proposes a sentence that names what matters: the body, what may be left out in brackets', () => {
    const body = jsonBody({
      type: 'object',
      required: ['url'],
      properties: {
        title: { type: 'string' },
        'tags[]': { type: 'string' },
        parts: { type: 'array', items: { type: 'string' } },
        url: { type: 'string' },
      },
    })
    assert.equal(
      onlyAction(planOperation({ summary: 'Create [a] watch', ...body })).sentence,
      'Create a watch (POST /things/{id}: url {url}[, title {title}])',
    )
  })

  it('names the definition by a digest that changes with its meaning only', () => {
    const digest = (operation: Record<string, unknown>) =>
      onlyAction(planOperation(operation)).digest
    const body = (maximum: number) =>
      jsonBody({ type: 'object', properties: { amount: { type: 'number', maximum } } })
    assert.equal(digest(body(5)), digest({ ...body(5), 'x-remit-risk': 'low', tags: ['x'] }))
    assert.notEqual(digest(body(5)), digest({ ...body(5), description: 'Something else.' }))
    assert.notEqual(digest(body(5)), digest(body(6)))
  })

  it('refuses documents that cannot be read in one way', () => {
    refuses('', /openapi|object/)
    refuses('swagger: "2.0"', /openapi/)
    refuses('openapi: 3.1.0\nopenapi: 3.0.0', /repetition/)
    refuses('openapi: 3.1.0\n- a', /YAML/)
    refuses('{"openapi":"3.1.0","openapi":"3.0.0"}', /duplicate/)
    refuses('{"openapi":"3.1.0","__proto__":{}}', /not allowed/)
    refuses('openapi: 3.1.0\npaths: {}', /no operation/, { upstream: 'http://127.0.0.1:1' })
    refuses({ openapi: '3.1.0', paths: { '/a': { get: {} } } }, /no upstream/)
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
    for (let i = 0; i < 9; i++) {
      const [name, before] = [String.fromCharCode(98 + i), String.fromCharCode(97 + i)]
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`)
    }
    refuses(`openapi: 3.1.0\n${bomb.join('\n')}`, /too many values/)
  })

  it('refuses addresses that can be written in two ways', () => {
    const document = operationDocument({})
    for (const identifier of [
      'http://gw/orders/',
      'http://gw/a/../orders',
      'HTTP://gw/orders',
      'http://gw:80/orders',
      'http://user@gw/orders',
      'http://gw/orders?x',
      'ftp://gw/orders',
      'orders',
    ]) {
      refuses(document, /identifier/, { identifier })
    }
    refuses(document, /upstream/, { upstream: 'http://user:pass@host' })
    refuses(document, /not a name/, { name: 'Orders' })
  })
})
