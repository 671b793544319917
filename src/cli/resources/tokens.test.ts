import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { Secret } from '../../lib/secret.ts'
import { StoredSessions } from '../server/sessions.ts'
import { type Owner, sink, type TestCli, testCli } from '../testing.ts'

const HOUR = 3_600_000

describe('remit resources tokens', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite')
  })
  after(() => remit.stop())

  async function userOf(owner: Owner, name: 'ada' | 'sam'): Promise<TestCli> {
    const cli = await testCli(owner, { REMIT_URL: remit.issuer }, { talk: sink(() => {}) })
    const token = new Secret((await remit.api(name)).token)
    const expiresAt = new Date(cli.world.clock.now() + HOUR).toISOString()
    await new StoredSessions(cli.world).keep({ url: remit.issuer, token, expiresAt })
    return cli
  }

  test('form and names are set, shown, and set back', async (t) => {
    const cli = await userOf(t, 'ada')
    const set = await cli.remit('resources', 'tokens', 'orders', '--opaque', '--pairwise')
    assert.equal(set.exit, 0, set.said)
    assert.match(set.said, /tokens for orders are opaque, with names of its own/)
    const shown = await cli.remit('resources', 'show', 'orders')
    assert.match(shown.out, /opaque, people have a name for this API alone/)
    const task = await remit.open()
    assert.match(await remit.agent.token(task, remit.orders), /^remit_at_/)
    const back = await cli.remit('resources', 'tokens', 'orders', '--jwt', '--public')
    assert.match(back.said, /tokens for orders are JWTs, with the usual names/)
    const again = await cli.remit('resources', 'show', 'orders')
    assert.doesNotMatch(again.out, /opaque/)
  })

  test('says nothing, both of two, or an API that is not there: told', async (t) => {
    const cli = await userOf(t, 'ada')
    for (const flags of [[], ['--jwt', '--opaque'], ['--public', '--pairwise']]) {
      const { exit, said } = await cli.remit('resources', 'tokens', 'orders', ...flags)
      assert.notEqual(exit, 0)
      assert.match(said, /Say --/)
    }
    const none = await cli.remit('resources', 'tokens', 'nothing', '--opaque')
    assert.match(none.said, /catalog\.unknown_resource/)
    const sam = await userOf(t, 'sam')
    const refused = await sam.remit('resources', 'tokens', 'orders', '--opaque')
    assert.notEqual(refused.exit, 0)
    assert.ok(!refused.said.includes('✓'))
  })
})
