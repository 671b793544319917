import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject, parseJson } from '../../../platform/lib/json.ts'
import { bindingHash } from './binding.ts'

interface Vector {
  readonly members: readonly string[]
  readonly request: string
  readonly hash: string
}

/**
 * Vectors of the profile: the members that they bind, and the digests that follow (openid/authzen,
 * `binding-hash.json`).
 */
const VECTORS: Readonly<Record<string, Vector>> = {
  'one member of the context, without the actor': {
    members: ['tenant'],
    request: `{"subject":{"type":"user","id":"alice@example.com","properties":{"department":"engineering","act":{"sub":"delegating-client"}}},
      "resource":{"type":"document","id":"quarterly-plan","properties":{"classification":"internal"}},"action":{"name":"read"},
      "context":{"tenant":"acme","time":"2026-07-13T10:00:00Z","evaluation_id":"eval-123"}}`,
    hash: 'l0ugE2lupDlzVCE-RxH7_vnpivDDkZ585VWMB0HJN_c',
  },
  'nothing of the context': {
    members: [],
    request: `{"subject":{"type":"service","id":"reporting-agent"},"resource":{"type":"report","id":"sales-2026"},
      "action":{"name":"generate"},"context":{"time":"2026-07-13T10:00:00Z","reason":"quarterly reporting"}}`,
    hash: 'wFFGDqeZl3iEDz9S6wvFqVwJgBgwHHCe_qas6OxYjtU',
  },
  'a member that is not there': {
    members: ['risk'],
    request: `{"subject":{"type":"user","id":"bob@example.com"},"resource":{"type":"account","id":"A-123"},
      "action":{"name":"transfer"},"context":{"tenant":"acme"}}`,
    hash: 'lf0v2KKyh8NBEn11WRxqKqEscpKysEicAJ8D2RWelzU',
  },
  'null is not absent': {
    members: ['risk'],
    request: `{"subject":{"type":"user","id":"bob@example.com"},"resource":{"type":"account","id":"A-123"},
      "action":{"name":"transfer"},"context":{"tenant":"acme","risk":null}}`,
    hash: 'ZhIBgx_FoUtpREC6-YQd5mq96D5b_26VZqobNE-BDPY',
  },
  'numbers are as JavaScript writes them': {
    members: ['metrics'],
    request: `{"subject":{"type":"user","id":"carol@example.com"},"resource":{"type":"model","id":"forecast-v2"},"action":{"name":"invoke"},
      "context":{"metrics":{"large":1E30,"small":2e-3,"negative_zero":-0,"rounded":333333333.33333329,"trailing_zero":4.50}}}`,
    hash: 'LjTcv3mUVNvDmimDGK4z6HbDi0h71JBVzNV50QY0r_c',
  },
  'lists are in order': {
    members: ['approval_chain'],
    request: `{"subject":{"type":"user","id":"dana@example.com"},"resource":{"type":"deployment","id":"prod-eu"},
      "action":{"name":"promote"},"context":{"approval_chain":["security",null,"operations"]}}`,
    hash: '_6B-qB6P-mydIxD8KB6VpJ-B-clDcC8eGLtkPDCw1ys',
  },
  'several at once are in order': {
    members: ['tenant', 'region'],
    request: `{"subject":{"type":"service","id":"deployment-agent","properties":{"act":{"sub":"release-manager"},"environment":"production"}},
      "items":[{"resource":{"type":"service","id":"api"},"action":{"name":"deploy","properties":{"version":"2.1.0"}}},
      {"resource":{"type":"database","id":"primary"},"action":{"name":"migrate","properties":{"revision":42}}}],
      "context":{"region":"eu-west-1","tenant":"acme","time":"2026-07-13T10:00:00Z"}}`,
    hash: 'mtqgljH0HQqidY8vzpi6EqMjIbDxN8PflXqEIEOJWYI',
  },
}

function hashOf(request: string, members?: readonly string[]): string {
  const read = parseJson(request)
  assert.ok(isObject(read))
  return bindingHash(read, members)
}

for (const [name, { hash, members, request }] of Object.entries(VECTORS))
  test(`binding_hash: ${name}`, () => assert.equal(hashOf(request, members), hash))

test('a number that JavaScript cannot hold has a hash, and one of its own', () => {
  const of = (number: string) =>
    hashOf(`{"subject":{},"resource":{},"action":{},"context":{"args":{"a":${number}}}}`)
  assert.notEqual(of('1e999'), of('2e999'))
})

test('of the context, exactly what says which call it is counts', () => {
  const of = (context: string) =>
    hashOf(`{"subject":{},"resource":{},"action":{},"context":${context}}`)
  const plain = of('{"task":"tsk_1","args":{"a":1}}')
  assert.equal(
    of('{"args":{"a":1.0},"task":"tsk_1","business_justification":"x","dpop":"y"}'),
    plain,
  )
  for (const other of [
    '{"task":"tsk_2","args":{"a":1}}',
    '{"task":"tsk_1","args":{"a":2}}',
    '{"task":"tsk_1","args":{"a":1},"agent":"x"}',
    '{"task":"tsk_1"}',
  ])
    assert.notEqual(of(other), plain)
})
