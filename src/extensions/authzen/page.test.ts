import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMasterKey } from '../../platform/keys/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { isObject, parseJson } from '../../platform/lib/json.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { pageToken, readPage } from './page.ts'

const BY = { pep: 'edge', endpoint: 'search/subject' }
const BAD = { code: 'search.bad_page' }
const MALFORMED = { code: 'evaluation.malformed' }
const REQUEST = { subject: { type: 'user' }, action: { name: 'read' } }

async function newMaster() {
  const value = new Secret(base64url(systemRandom.bytes(32)))
  return openMasterKey({ directory: '/nowhere', value, random: systemRandom })
}

async function begin() {
  const ports = { master: await newMaster(), clock: manualClock() }
  const read = (
    page: unknown,
    { by = BY, request = REQUEST }: { by?: typeof BY; request?: object } = {},
  ) => {
    const body = parseJson(JSON.stringify({ ...request, page }))
    assert.ok(isObject(body))
    return readPage(ports, body, by)
  }
  const tokenAfter = (after: string, page: object = {}) => pageToken(ports, read(page), after)
  return { ports, read, tokenAfter }
}

test('the first page has 100 results, or as many as were asked for, 1000 at most', async () => {
  const { read } = await begin()
  for (const page of [undefined, {}, { limit: null }, { token: '' }, { token: null }]) {
    const { after, limit } = read(page)
    assert.deepEqual([after, limit], [undefined, 100], JSON.stringify(page))
  }
  for (const [asked, limit] of [
    [0, 0],
    [7, 7],
    [1_000, 1_000],
    [1_001, 1_000],
    [999_999_999_999_999, 1_000],
  ])
    assert.equal(read({ limit: asked }).limit, limit)
})

test('a page that is none is refused', async () => {
  const { read } = await begin()
  for (const page of [
    ...[[], 'x', 7],
    ...[{ limit: '7' }, { limit: -1 }, { limit: 1.5 }, { limit: 1_000_000_000_000_000 }],
    ...[{ token: 7 }, { token: {} }],
  ])
    assert.throws(() => read(page), MALFORMED, JSON.stringify(page))
})

test('a token goes on where the page before ended, with the same limit', async () => {
  const { read, tokenAfter } = await begin()
  const token = tokenAfter('psn_b', { limit: 7 })
  for (const page of [{ token }, { token, limit: 7 }]) {
    const { after, limit } = read(page)
    assert.deepEqual([after, limit], ['psn_b', 7])
  }
  assert.throws(() => read({ token, limit: 8 }), BAD)
})

test('a token is of the request, the endpoint and the enforcement point that it was given to', async () => {
  const { read, tokenAfter } = await begin()
  const token = tokenAfter('psn_b')
  const reordered = { action: REQUEST.action, subject: REQUEST.subject }
  assert.equal(read({ token }, { request: reordered }).after, 'psn_b')
  for (const over of [
    { by: { ...BY, pep: 'other' } },
    { by: { ...BY, endpoint: 'search/resource' } },
    { request: { ...REQUEST, action: { name: 'write' } } },
    { request: { ...REQUEST, context: {} } },
  ])
    assert.throws(() => read({ token }, over), BAD, JSON.stringify(over))
  assert.throws(() => read({ token, properties: { a: 1 } }), BAD)
  const shaped = tokenAfter('psn_c', { properties: { a: 1 } })
  assert.equal(read({ token: shaped, properties: { a: 1 } }).after, 'psn_c')
  for (const other of [{}, { properties: { a: 2 } }])
    assert.throws(() => read({ token: shaped, ...other }), BAD, JSON.stringify(other))
})

test('a token is good for an hour', async () => {
  const { ports, read, tokenAfter } = await begin()
  const token = tokenAfter('psn_b')
  ports.clock.advance(3_600_000)
  assert.equal(read({ token }).after, 'psn_b')
  ports.clock.advance(1)
  assert.throws(() => read({ token }), BAD)
})

test('a token that this server did not seal is refused', async () => {
  const { read, tokenAfter } = await begin()
  const other = await begin()
  const token = tokenAfter('psn_b')
  const flipped = `${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`
  for (const bad of ['x', '*', token.slice(0, -4), flipped, other.tokenAfter('psn_b')])
    assert.throws(() => read({ token: bad }), BAD, bad)
})
