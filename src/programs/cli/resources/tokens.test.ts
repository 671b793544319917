import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertRequestable } from '../../../../test/refusals.ts'
import { World as Remit } from '../../../../test/world.ts'
import { Secret } from '../../../platform/lib/secret.ts'
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

  test('owners are set, shown and taken away, by administrators, and only if they are known', async (t) => {
    const cli = await userOf(t, 'ada')
    const set = ['resources', 'owners', 'orders']
    const done = await cli.remit(...set, '--owners', 'group:administrators', 'sam@example.com')
    assert.equal(done.exit, 0, done.said)
    assert.match(done.said, /orders is owned by group:administrators, Sam Support$/m)
    const shown = await cli.remit('resources', 'show', 'orders')
    assert.match(shown.out, /owners +group:administrators, Sam Support$/m)
    const sam = await userOf(t, 'sam')
    const others = await sam.remit('resources', 'show', 'orders')
    assert.match(others.out, /owners +group:administrators, person:psn_/, 'no names of people')
    assert.notEqual((await sam.remit(...set, '--owners', 'group:administrators')).exit, 0)
    const unknown = await cli.remit(...set, '--owners', 'group:nobody')
    assert.match(unknown.said, /group\.unknown/)
    assert.equal((await cli.remit(...set)).exit, 0)
    assert.doesNotMatch((await cli.remit('resources', 'show', 'orders')).out, /owners/)
  })

  test('people are shown what is in a list as somebody says, with a * for its members', async (t) => {
    const cli = await userOf(t, 'ada')
    const set = ['resources', 'display', 'echo.create']
    const done = await cli.remit(...set, '/tags/*', 'link')
    assert.match(done.said, /\/tags\/\* of echo\.create is shown as link/)
    assert.match((await cli.remit('resources', 'show', 'echo')).out, /\/tags\/\* +link/)
    for (const [path, display] of [
      ['/tags/0', 'link'],
      ['/tags', 'link'],
      ['/tags/*', 'currency:EUR'],
      ['/tags/*/*', 'link'],
    ] as const)
      assert.match((await cli.remit(...set, path, display)).said, /catalog\.bad_display/)
    const w = remit
    const tags = ['https://shop.example/a', 'plain']
    const body = JSON.stringify({ name: 'lamp', owner: { id: 'asked' }, tags })
    const asked = await w.agent.call(await w.open(), 'POST', '/echo/things', { body })
    const page = await (await w.browser('fiona')).get(assertRequestable(asked).page)
    assert.match(page.text, /tags 1 leads to shop\.example tags 2 not an address of the web/)
    await cli.remit(...set, '/tags/*', '--none')
    assert.doesNotMatch((await cli.remit('resources', 'show', 'echo')).out, /\/tags/)
  })
})
