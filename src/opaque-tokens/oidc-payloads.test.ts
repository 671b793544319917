import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import { forEachEngine } from '../storage/testing.ts'
import { artefacts } from './oidc-payloads.ts'

forEachEngine('protocol artefacts', (open) => {
  test('a code is found until it expires', async () => {
    const clock = manualClock()
    const kept = artefacts({ storage: await open(), clock })
    await kept.put('AuthorizationCode', 'c1', { grantId: 'g1', accountId: 'psn_1' }, 60)
    assert.deepEqual(await kept.find('AuthorizationCode', { id: 'c1' }), {
      grantId: 'g1',
      accountId: 'psn_1',
    })
    assert.equal(await kept.find('RefreshToken', { id: 'c1' }), undefined)
    clock.advance(60_000)
    assert.equal(await kept.find('AuthorizationCode', { id: 'c1' }), undefined)
  })

  test('of 64 simultaneous uses of one code, or one identifier, exactly one wins', async () => {
    const kept = artefacts({ storage: await open(), clock: manualClock() })
    await kept.put('AuthorizationCode', 'c1', {}, 60)
    for (const use of [
      () => kept.consume('AuthorizationCode', 'c1'),
      () => kept.once('jti-1', 60),
    ]) {
      const ended = await Promise.allSettled(Array.from({ length: 64 }, use))
      assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 1)
    }
    const found = await kept.find<{ consumed?: number }>('AuthorizationCode', { id: 'c1' })
    assert.ok(found?.consumed, 'a second look shows that it was consumed')
  })

  test('destroying a grant takes everything that came from it', async () => {
    const kept = artefacts({ storage: await open(), clock: manualClock() })
    await kept.put('AuthorizationCode', 'c1', { grantId: 'g1' }, 60)
    await kept.put('RefreshToken', 'r1', { grantId: 'g1' }, 60)
    await kept.destroyGrant('g1')
    assert.equal(await kept.find('RefreshToken', { id: 'r1' }), undefined)
  })
})
