import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { aheadOfProvider } from './provider-clock.ts'

const NOON = Date.UTC(2026, 0, 1, 12)

/** Asks a provider whose answer takes 3 s and has these headers. */
function ahead(headers: Readonly<Record<string, string>>, issuer = 'https://idp.example/') {
  const clock = manualClock(NOON)
  const asked: string[] = []
  const fetch = async (url: string) => {
    asked.push(url)
    clock.advance(3_000)
    return new Response(null, { headers })
  }
  return { asked, found: aheadOfProvider(issuer, { clock, fetch }) }
}

test('core M2: the clock of a provider is read from its answer, as far as the round trip does not explain a difference', async () => {
  for (const [says, expected] of [
    [NOON, 0],
    [NOON + 3_000, 0],
    [NOON - 60_000, 60_000],
    [NOON + 63_000, -60_000],
  ] as const)
    assert.equal(await ahead({ date: new Date(says).toUTCString() }).found, expected)
  const date = new Date(NOON - 600_000).toUTCString()
  assert.equal(await ahead({ date, age: '600' }).found, 0, 'an answer from a cache')
  assert.equal(await ahead({ date, age: 'x' }).found, 600_000)
  for (const headers of [{}, { date: 'soon' }]) assert.equal(await ahead(headers).found, undefined)
  assert.deepEqual(ahead({}).asked, ['https://idp.example/.well-known/openid-configuration'])
})
