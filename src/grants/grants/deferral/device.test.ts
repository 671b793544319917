import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ISSUER, worldsOver } from '../../../calls/calls/testing.ts'
import { setCertification } from '../../../identity/agents/index.ts'
import { fakeProvider } from '../../../identity/identity-providers/testing.ts'
import { addIssuer } from '../../../identity/issuers/index.ts'
import { manualClock } from '../../../platform/lib/clock.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { beginDevice, claimDevice, type DeviceRequest } from './device.ts'
import { DeferralWorld } from './testing.ts'

const URL_OF_IT = `${ISSUER}/oauth/device_authorization`

forEachEngine('codes that devices show', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const waiting = await DeferralWorld.in(world)
    const parts = { ...world.parts, loopback: true }
    const ask = (over: Partial<DeviceRequest> = {}) =>
      beginDevice(parts, {
        ...waiting.presented(waiting.key, URL_OF_IT),
        ...{ proof: undefined, scope: 'orders.read', purpose: 'a display', details: undefined },
        ...over,
      })
    const shown = async () => {
      const begun = await ask()
      if (begun.outcome !== 'begun') throw new Error(JSON.stringify(begun))
      return begun.userCode
    }
    const type = (typed: string, person = world.sam) =>
      claimDevice(parts, { person, typed }).then(
        () => 'asked',
        (error: unknown) => (error instanceof Problem ? error.code : assert.fail(String(error))),
      )
    return { ask, parts, shown, type, world }
  }

  test('a person guesses ten times in five minutes, however many at once, and keeps nobody else from typing', async (t) => {
    const { parts, shown, type, world } = await begin(t)
    const code = await shown()
    const guesses = await Promise.all(Array.from({ length: 64 }, () => type('BBBB-BBBB')))
    const wrong = guesses.filter((guess) => guess === 'device.unknown_code')
    assert.equal(wrong.length, 10)
    assert.equal(guesses.filter((guess) => guess === 'device.too_many_codes').length, 54)
    assert.equal(await type(code), 'device.too_many_codes', 'nor the right one')
    assert.equal(await type(code, world.ada), 'asked')
    parts.clock.advance(5 * MINUTE)
    assert.equal(await type(await shown()), 'asked')
  })

  test('whose owner is late is asked for by nobody who types, though nothing has stopped it yet', async (t) => {
    const { parts, shown, type } = await begin(t)
    const day = 24 * 60 * MINUTE
    const clock = manualClock(parts.clock.now() - day + MINUTE)
    await setCertification({ ...parts, clock }, { agentId: 'refund-bot', days: 1, by: 'operator' })
    const [code, late] = [await shown(), await shown()]
    assert.equal(await type(code), 'asked')
    parts.clock.advance(MINUTE)
    assert.equal(await type(late), 'agent.suspended')
  })

  test('a token of a platform may be shown again, as everywhere, by whoever showed it first', async (t) => {
    const { ask, parts, world } = await begin(t)
    const platform = await fakeProvider()
    t.after(() => platform.close())
    const by = world.ada.id
    await addIssuer(parts, {
      ...{ name: 'platform', issuer: platform.issuer, uses: ['workload'], trust: 3, ceiling: null },
      rules: [{ name: 'bot', when: [{ claim: 'sub', equals: 'bot' }], agent: 'refund-bot' }],
      ...{ ownerId: by, by },
    })
    const now = Math.floor(parts.clock.now() / 1000)
    const claims = { iss: platform.issuer, aud: parts.issuer, iat: now, exp: now + 600, sub: 'bot' }
    const assertion = await platform.sign({ ...claims, jti: 'w1' })
    for (const _ of [1, 2]) assert.equal((await ask({ assertion })).outcome, 'begun')
  })
})
