import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../../test/world.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { StoredSessions } from '../server/sessions.ts'
import { type Owner, sink, type TestCli, testCli } from '../testing.ts'

const HOUR = 3_600_000

describe('remit resources rename', () => {
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

  test('G4: an action gets another name by command, and both are shown and taken', async (t) => {
    const cli = await userOf(t, 'ada')
    const set = await cli.remit('resources', 'rename', 'orders.refund', 'orders.pay-back')
    assert.equal(set.exit, 0, set.said)
    assert.match(set.said, /orders\.refund is called orders\.pay-back/)
    await cli.remit('resources', 'rename', 'orders.pay-back', 'orders.return-money')
    const { out } = await cli.remit('resources', 'show', 'orders')
    assert.match(out, /orders\.return-money +POST/)
    assert.match(out, /Given names/)
    assert.match(out, /orders\.return-money +orders\.refund +orders\.pay-back/)
    const ceiling = ['--ceiling', 'orders.pay-back', 'orders.read']
    const limited = await cli.remit('agents', 'limits', 'refund-bot', ...ceiling)
    assert.equal(limited.exit, 0, limited.said)
    const { body } = await (await remit.api('ada')).send('GET', '/agents/refund-bot')
    assert.match(JSON.stringify(body.ceiling), /\["orders\.refund","orders\.read"\]/)
    for (const action of ['orders.refund', 'orders.pay-back', 'return-money']) {
      const check = [
        'check',
        '--as',
        'sam@example.com',
        '--agent',
        'refund-bot',
        '--action',
        action,
      ]
      const { exit, out, said } = await cli.remit(
        ...check,
        '--arg',
        'amount=1.00',
        '--arg',
        'order_id=1042',
      )
      assert.ok(exit === 0 || exit === 4, `${action} ${exit} ${said}${out}`)
    }
  })

  test('a name of another action or API, and others than administrators, are refused', async (t) => {
    const cli = await userOf(t, 'ada')
    const taken = await cli.remit('resources', 'rename', 'orders.refund', 'orders.read')
    assert.notEqual(taken.exit, 0)
    assert.match(taken.said, /catalog\.exists/)
    const elsewhere = await cli.remit('resources', 'rename', 'orders.refund', 'echo.refund')
    assert.match(elsewhere.said, /catalog\.bad_name/)
    const sam = await userOf(t, 'sam')
    const refused = await sam.remit('resources', 'rename', 'orders.refund', 'orders.mine')
    assert.notEqual(refused.exit, 0)
    assert.ok(!refused.said.includes('✓'))
  })
})
