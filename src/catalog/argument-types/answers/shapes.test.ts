import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isObject, type Json, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import { answersOf } from './of-operation.ts'
import { ShapeReader } from './read-shapes.ts'
import { reach } from './shape.ts'

function objectOf(value: unknown): JsonObject {
  const json = parseJson(JSON.stringify(value), { bytes: 8 * 1024 * 1024 })
  assert.ok(isObject(json))
  return json
}

/** `no cutsomer`: where a path ends; else the kinds of what is there. */
function at(schema: object, pointer: string, components: object = {}): string {
  const document = objectOf({ components })
  const reader = new ShapeReader(document)
  const root = reader.read(objectOf(schema)) ?? 0
  const reached = reach({ nodes: reader.finish(), root }, pointer)
  return reached.there ? [...reached.kinds].sort().join(' ') : `no ${reached.missing}`
}

const text = { type: 'string' }
const customer = {
  type: 'object',
  properties: { email: text, tags: { type: 'array', items: text } },
}

test('a path is there where the schema has it, as obligations read paths', () => {
  const order = {
    type: 'object',
    properties: { customer, lines: { type: 'array', items: customer } },
  }
  for (const [path, right] of [
    ['', 'object'],
    ['/customer/email', 'string'],
    ['/cutsomer/email', 'no cutsomer'],
    ['/customer/mail', 'no mail'],
    ['/customer/email/x', 'no x'],
    ['/lines', 'list'],
    ['/lines/email', 'string'],
    ['/lines/*/email', 'string'],
    ['/lines/0/email', 'string'],
    ['/lines/mail', 'no mail'],
    ['/*/email', 'string'],
    ['/customer/tags/0', 'string'],
    ['/customer/tags/a', 'no a'],
    ['/constructor', 'no constructor'],
  ] as const)
    assert.equal(at(order, path), right, path)
  assert.equal(at({ type: 'array', items: order }, '/customer/email'), 'string')
})

test('choices, parts, references and what contains itself: whatever any of them has is there', () => {
  const Node = {
    type: ['object', 'null'],
    properties: { name: text, next: { $ref: '#/components/schemas/Node' } },
  }
  const schemas = { Node, Email: { description: 'an address', ...text } }
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  for (const [schema, path, right] of [
    [{ oneOf: [customer, { type: 'object', properties: { id: text } }] }, '/id', 'string'],
    [{ anyOf: [customer, { type: 'null' }] }, '/email', 'string'],
    [{ anyOf: [customer, { type: 'null' }] }, '', 'null object'],
    [{ allOf: [customer, { type: 'object', properties: { id: text } }] }, '/email', 'string'],
    [{ allOf: [customer, { description: 'x', required: ['email'] }] }, '/id', 'no id'],
    [{ ...customer, oneOf: [{ required: ['email'] }, { required: ['tags'] }] }, '/id', 'no id'],
    [{ oneOf: [customer, {}] }, '/id', 'any'],
    [ref('Node'), '/next/next/next/name', 'string'],
    [ref('Node'), '/next/next/nome', 'no nome'],
    [{ ...ref('Node'), properties: { more: text } }, '/more', 'string'],
    [{ allOf: [ref('Email')] }, '/x', 'no x'],
    [ref('Nothing'), '/x', 'any'],
    [{ $ref: 'https://elsewhere.example/x.json' }, '/x', 'any'],
  ] as const)
    assert.equal(at(schema, path, { schemas }), right, JSON.stringify(schema))
})

test('what is not said can be anything; silence about further members says that there are none', () => {
  for (const [schema, path, right] of [
    [{}, '/a', 'any'],
    [{ type: 'object' }, '/a', 'any'],
    [{ type: 'object', additionalProperties: false }, '/a', 'no a'],
    [{ ...customer, additionalProperties: true }, '/a/b', 'any'],
    [{ ...customer, additionalProperties: text }, '/a', 'string'],
    [{ ...customer, additionalProperties: text }, '/a/b', 'no b'],
    [{ ...customer, patternProperties: { '^x-': customer } }, '/x-a/email', 'string'],
    [{ type: 'array' }, '/a', 'any'],
    [{ type: 'array', prefixItems: [customer, text] }, '/0/email', 'string'],
    [{ properties: { a: text } }, '/b', 'no b'],
    [{ enum: ['a', 1, null, true] }, '', 'boolean null number string'],
    [{ const: 'EUR' }, '/x', 'no x'],
    [{ ...customer, discriminator: { propertyName: 'kind' } }, '/bark', 'any'],
    [{ ...customer, else: { properties: { a: text } } }, '/a', 'string'],
  ] as const)
    assert.equal(at(schema, path), right, JSON.stringify(schema))
})

test('a document that is long, deep or broad is read, and what is too much is anything', () => {
  const chain = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [
      `S${i}`,
      { type: 'object', properties: { next: { $ref: `#/components/schemas/S${i + 1}` } } },
    ]),
  )
  const first = { $ref: '#/components/schemas/S0' }
  assert.equal(at(first, '/next/next/nxt', { schemas: chain }), 'no nxt')
  let deep: object = text
  for (let i = 0; i < 28; i++) deep = { type: 'object', properties: { a: deep } }
  assert.equal(at(deep, '/a/b'), 'no b')
  assert.equal(at(deep, `${'/a'.repeat(26)}/b`), 'any')
  const circle = { A: { $ref: '#/components/schemas/B' }, B: { $ref: '#/components/schemas/A' } }
  assert.equal(at({ $ref: '#/components/schemas/A' }, '/x', { schemas: circle }), 'any')
  const both = { A: { allOf: [{ $ref: '#/components/schemas/A' }, customer] } }
  assert.equal(at({ $ref: '#/components/schemas/A' }, '/email', { schemas: both }), 'string')
})

test('all answers of an operation count, of errors too, when one of success is described', () => {
  const json = (schema: object) => ({ content: { 'application/json': { schema } } })
  const of = (responses: object, path: string) => {
    const document = objectOf({})
    const reader = new ShapeReader(document)
    const root = answersOf(reader, document, objectOf({ responses }))
    if (root === undefined) return 'unknown'
    const reached = reach({ nodes: reader.finish(), root }, path)
    return reached.there ? 'there' : `no ${reached.missing}`
  }
  const problem = { type: 'object', properties: { detail: text } }
  const ok = { 200: json(customer) }
  assert.equal(of(ok, '/email'), 'there')
  assert.equal(of(ok, '/detail'), 'no detail')
  assert.equal(of({ ...ok, default: json(problem) }, '/detail'), 'there')
  assert.equal(of({ default: json(problem) }, '/email'), 'no email')
  assert.equal(of({ 204: { description: 'nothing' }, default: json(problem) }, '/email'), 'unknown')
  assert.equal(of({ ...ok, 201: { content: { 'application/json': {} } } }, '/email'), 'unknown')
  assert.equal(of({ 200: { content: { 'text/plain': { schema: text } } } }, '/a'), 'unknown')
  assert.equal(of({}, '/a'), 'unknown')
  assert.equal(
    of({ 200: { content: { 'application/hal+json': { schema: customer } } } }, '/a'),
    'no a',
  )
})

/** A schema that a value fits: one of itself. */
function schemaOf(value: Json): Json {
  if (value === null) return new Map([['type', 'null']])
  if (Array.isArray(value)) {
    const items = new Map<string, Json>([['anyOf', value.map((each: Json) => schemaOf(each))]])
    return new Map<string, Json>([
      ['type', 'array'],
      ['items', items],
    ])
  }
  if (!isObject(value)) return new Map([['type', typeof value === 'string' ? 'string' : 'number']])
  const members = new Map(Array.from(value, ([name, member]) => [name, schemaOf(member)] as const))
  return new Map<string, Json>([
    ['type', 'object'],
    ['properties', members],
  ])
}

/** Every path to something in a value, also through lists by name. */
function* pathsIn(value: Json, before = ''): Generator<string> {
  yield before
  if (Array.isArray(value)) {
    const items: readonly Json[] = value
    for (const [i, item] of items.entries()) {
      yield* pathsIn(item, `${before}/${i}`)
      yield* pathsIn(item, `${before}/*`)
      if (isObject(item)) yield* pathsIn(item, before)
    }
  } else if (isObject(value))
    for (const [name, member] of value) {
      const step = name.replaceAll('~', '~0').replaceAll('/', '~1')
      if (!/^(?:\*|\d*)$/.test(name)) yield* pathsIn(member, `${before}/${step}`)
    }
}

test('whatever a value has at a path, a shape of its schema has', () => {
  const names = fc.string({ minLength: 1, maxLength: 3 }).filter((name) => !name.startsWith('__'))
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constant(null),
      fc.integer(),
      fc.constant('text'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(names, tie('value'), { maxKeys: 3 }),
    ),
  }))
  fc.assert(
    fc.property(value, (given) => {
      const json = parseJson(JSON.stringify(given))
      const reader = new ShapeReader(new Map())
      const root = reader.read(schemaOf(json)) ?? 0
      const nodes = reader.finish()
      for (const path of pathsIn(json)) assert.ok(reach({ nodes, root }, path).there, path)
    }),
  )
})
