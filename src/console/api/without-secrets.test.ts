import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { secretDigest } from '../../identity/sessions/confirmation/confirmation.ts'
import { type Canonical, canonicalJson } from '../../platform/lib/canonical-json.ts'
import { OPERATIONS } from '../../programs/every-operation.ts'
import { withoutSecrets } from './without-secrets.ts'

const digest = secretDigest(new Uint8Array(32).fill(7))
const bound = (schema: unknown, value: unknown) =>
  canonicalJson(withoutSecrets(schema, value, digest))

/** Names that mean something somewhere: in schemas, in documents, in JavaScript. */
const names = fc.constantFrom(
  ...['secret', 'client_secret', 'password', 'document', 'name', 'details', 'bounds', '$ref'],
  ...['paths', '__proto__', 'constructor', 'toJSON', '', '0'],
)
const json = fc.letrec<{ value: Canonical }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4 }),
  ),
})).value

/** Copies a value with `other` in the place of one of its members. */
function changed(value: Canonical, picks: readonly number[], other: Canonical): Canonical {
  const [pick = 0, ...rest] = picks
  if (typeof value !== 'object' || value === null || pick === 0) return other
  const entries = Object.entries(value) as [string, Canonical][] // of plain JSON
  const at = entries[pick % Math.max(entries.length, 1)]
  if (!at) return other
  const inner = changed(at[1], rest, other)
  return Array.isArray(value)
    ? value.map((each: Canonical, i) => (String(i) === at[0] ? inner : each))
    : Object.fromEntries(entries.map(([name, each]) => [name, name === at[0] ? inner : each]))
}

const widening = OPERATIONS.filter(({ widens }) => widens)

it('any change anywhere in a request changes what a yes is bound to, whatever members are called', () => {
  const bodies = fc.constantFrom(undefined, ...widening.map(({ body }) => body))
  const picks = fc.array(fc.nat({ max: 5 }), { maxLength: 6 })
  fc.assert(
    fc.property(bodies, json, picks, json, (schema, value, at, other) => {
      const after = changed(value, at, other)
      const same = canonicalJson(value) === canonicalJson(after)
      assert.equal(bound(schema, value) === bound(schema, after), same)
    }),
    { numRuns: 3_000 },
  )
})

it('what no schema calls a secret is shown as it is, under `secret` too', () => {
  const document = { paths: { '/pay': { $ref: '#/components/pathItems/secret' } } }
  const body = { document: { ...document, secret: { get: {} }, client_secret: 'x' } }
  const schema = OPERATIONS.find(({ id }) => id === 'resources.import')?.body
  assert.ok(schema)
  assert.equal(bound(schema, body), canonicalJson(body))
})

it('a declared secret is shown as a digest that its confirmation alone gives', () => {
  const schema = OPERATIONS.find(({ id }) => id === 'connections.add')?.body
  const body = { name: 'crm', kind: 'bearer', secret: 'canary' }
  const shown = bound(schema, body)
  assert.doesNotMatch(shown, /canary/)
  assert.match(shown, /"secret":"hmac-sha256:[A-Za-z0-9_-]{43}"/)
  const other = secretDigest(new Uint8Array(32).fill(8))
  assert.notEqual(shown, canonicalJson(withoutSecrets(schema, body, other)))
})

it('every text that is called a secret in what is confirmed is declared as one', () => {
  const declared: string[] = []
  const look = (id: string, name: string, schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { anyOf, items, properties, type, writeOnly } = schema as Record<string, unknown> // a JSON Schema
    if (type === 'string' && /secret|password|passphrase/i.test(name)) {
      assert.equal(writeOnly, true, `${id} ${name}`)
      declared.push(`${id} ${name}`)
    }
    for (const [member, inner] of Object.entries(properties ?? {})) look(id, member, inner)
    for (const inner of [items, ...(Array.isArray(anyOf) ? anyOf : [])]) look(id, name, inner)
  }
  for (const { body, id } of widening) look(id, '', body)
  assert.deepEqual(declared.toSorted(), [
    'connections.add secret',
    'connections.replace secret',
    'issuers.add secret',
    'issuers.set_terms secret',
    'points.add secret',
    'providers.register client_secret',
  ])
})
