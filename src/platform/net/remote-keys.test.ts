import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import { type Json, parseJson } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { MINUTE, SECOND } from '../lib/time-units.ts'
import { remoteKeys } from './remote-keys.ts'

/** A publisher whose document can be changed, and which counts what it is asked. Keys are read as their `kid`. */
function publisher(...kids: string[]) {
  const clock = manualClock()
  const state = {
    clock,
    fetches: 0,
    keys: kids.map((kid): object => ({ kty: 'EC', kid })),
    down: false,
    async fetchJson(): Promise<Json> {
      state.fetches++
      await Promise.resolve()
      if (state.down) throw new Problem('outbound.unreachable', 'down')
      return parseJson(JSON.stringify({ keys: state.keys }))
    },
  }
  const keys = remoteKeys({
    url: 'https://idp.example/jwks',
    clock,
    fetchJson: () => state.fetchJson(),
    read(jwk) {
      if (jwk.kty !== 'EC') throw new Problem('keys.unacceptable_jwk', 'odd')
      return `${String(jwk.kid)} ${String(jwk.alg)}`
    },
  })
  return Object.assign(state, { find: (kid?: string, alg = 'ES256') => keys.find({ kid, alg }) })
}

test('keys are fetched once and found by kid', async () => {
  const idp = publisher('a', 'b')
  assert.equal(idp.fetches, 0)
  assert.equal(await idp.find('a'), 'a undefined')
  assert.equal(await idp.find('b'), 'b undefined')
  assert.equal(idp.fetches, 1)
})

test('many who ask at once share one fetch', async () => {
  const idp = publisher('a')
  await Promise.all(Array.from({ length: 50 }, () => idp.find('a')))
  await Promise.all(Array.from({ length: 50 }, (_, i) => idp.find(`unknown-${i}`)))
  assert.equal(idp.fetches, 1)
})

test('a fetch that takes longer than the pause is still the only one', async () => {
  const idp = publisher('a')
  const started: (() => void)[] = []
  const fetchNow = idp.fetchJson
  idp.fetchJson = async () => {
    await new Promise<void>((go) => started.push(go))
    return fetchNow()
  }
  const first = idp.find('a')
  idp.clock.advance(MINUTE)
  const second = idp.find('a')
  assert.equal(started.length, 1)
  for (const go of started) go()
  assert.deepEqual(await Promise.all([first, second]), ['a undefined', 'a undefined'])
})

test('a storm of unknown kids costs one fetch per half minute', async () => {
  const idp = publisher('a')
  for (let second = 0; second < 120; second++) {
    for (let i = 0; i < 20; i++) assert.equal(await idp.find(`unknown-${second}-${i}`), undefined)
    idp.clock.advance(SECOND)
  }
  assert.equal(idp.fetches, 4)
})

test('a key that was just published is found half a minute after the last fetch', async () => {
  const idp = publisher('a')
  await idp.find('a')
  idp.keys = [...idp.keys, { kty: 'EC', kid: 'new' }]
  assert.equal(await idp.find('new'), undefined)
  idp.clock.advance(30 * SECOND)
  assert.equal(await idp.find('new'), 'new undefined')
  assert.equal(idp.fetches, 2)
})

test('a key that was withdrawn is forgotten after ten minutes', async () => {
  const idp = publisher('a', 'b')
  await idp.find('b')
  idp.keys = [{ kty: 'EC', kid: 'a' }]
  idp.clock.advance(10 * MINUTE - 1)
  assert.ok(await idp.find('b'))
  idp.clock.advance(1)
  assert.equal(await idp.find('b'), undefined)
})

test('while the publisher is down, known keys count for an hour, and it is not hammered', async () => {
  const idp = publisher('a')
  await idp.find('a')
  idp.down = true
  idp.clock.advance(59 * MINUTE)
  assert.ok(await idp.find('a'))
  for (let i = 0; i < 20; i++)
    await assert.rejects(idp.find('unknown'), { code: 'outbound.unreachable' })
  assert.equal(idp.fetches, 2)
  idp.clock.advance(MINUTE)
  await assert.rejects(idp.find('a'), { code: 'outbound.unreachable' })
  idp.down = false
  idp.clock.advance(30 * SECOND)
  assert.ok(await idp.find('a'))
})

test('a publisher that was never reached gives its problem, not "unknown key"', async () => {
  const idp = publisher('a')
  idp.down = true
  await assert.rejects(idp.find('a'), { code: 'outbound.unreachable' })
})

test('a wall clock that jumps neither freezes nor floods the cache', async () => {
  const idp = publisher('a')
  await idp.find('a')
  idp.clock.jump(-24 * 60 * MINUTE)
  await idp.find('a')
  idp.clock.jump(48 * 60 * MINUTE)
  await idp.find('a')
  assert.equal(idp.fetches, 1)
})

test('without a kid, the only key that fits is meant; of several, none', async () => {
  const one = publisher('a')
  assert.equal(await one.find(undefined), 'a undefined')
  const two = publisher('a', 'b')
  assert.equal(await two.find(undefined), undefined)
  two.keys = [
    { kty: 'EC', kid: 'a', alg: 'ES256' },
    { kty: 'EC', kid: 'b', alg: 'RS256' },
  ]
  two.clock.advance(MINUTE)
  assert.equal(await two.find(undefined, 'RS256'), 'b RS256')
})

test('a key that is published for another algorithm or use is not found', async () => {
  const idp = publisher()
  idp.keys = [
    { kty: 'EC', kid: 'a', alg: 'RS256' },
    { kty: 'EC', kid: 'b', use: 'enc' },
  ]
  assert.equal(await idp.find('a', 'ES256'), undefined)
  assert.equal(await idp.find('b', 'ES256'), undefined)
  assert.ok(await idp.find('a', 'RS256'))
})

test('keys of kinds we do not know are passed over; the others are found', async () => {
  const idp = publisher()
  idp.keys = [
    { kty: 'PQC', kid: 'q' },
    { kty: 'EC', kid: 'a' },
  ]
  assert.ok(await idp.find('a'))
  assert.equal(await idp.find('q'), undefined)
})

test('what is not a key set is refused, and so is one of 101 keys', async () => {
  const idp = publisher()
  for (const document of [
    '[]',
    '{}',
    '{"keys":{}}',
    'null',
    JSON.stringify({ keys: Array(101).fill({ kty: 'EC' }) }),
  ]) {
    idp.fetchJson = async () => parseJson(document)
    await assert.rejects(idp.find('a'), { code: 'outbound.unexpected_answer' })
    idp.clock.advance(MINUTE)
  }
})

test('T2: kid is looked up as data', async () => {
  const idp = publisher('a')
  for (const kid of ['__proto__', 'constructor', 'toString', ''])
    assert.equal(await idp.find(kid), undefined)
})
