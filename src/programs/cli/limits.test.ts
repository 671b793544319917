import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { StoredSessions } from './server/sessions.ts'
import { type Owner, type TestCli, testCli } from './testing.ts'

describe('remit limits', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite')
  })
  after(() => remit.stop())

  async function cliOf(owner: Owner, name: 'ada' | 'sam'): Promise<TestCli> {
    const cli = await testCli(owner, { REMIT_URL: remit.issuer })
    const { token } = await remit.api(name)
    const expiresAt = new Date(remit.clock.now() + 3_600_000).toISOString()
    await new StoredSessions(cli.world).keep({
      url: remit.issuer,
      token: new Secret(token),
      expiresAt,
    })
    return cli
  }

  test('are set, told as they count, shown with the tasks they are for, and removed', async (t) => {
    const [ada, sam] = [await cliOf(t, 'ada'), await cliOf(t, 'sam')]
    assert.match((await ada.remit('limits', 'list')).out, /No standing limits/)
    const set = async (...args: string[]) => {
      const done = await ada.remit('limits', 'set', ...args)
      assert.equal(done.exit, 0, done.said)
      return done.said
    }
    assert.match(
      await set('calls=5/1h', '--agent', 'refund-bot'),
      /agent refund-bot: 0 of 5 calls in any 1 h used/,
    )
    assert.match(await set('calls=9', '--person', 'sam'), /person Sam Support: 0 of 9 calls used/)
    assert.match(
      await set('orders.refund/amount=50.00/1d', '--everything'),
      /everything: 0.00 of 50.00 used, adding up amount of orders.refund in any 1 d/,
    )
    assert.match(
      await set('calls=7', '--agent', 'refund-bot', '--each-task'),
      /agent refund-bot: 7 calls, of each task/,
    )
    const task = await remit.open()
    const read = await remit.agent.call(task, 'GET', '/orders/orders/1042')
    assert.equal(read.status, 200, read.text)
    const { out } = await ada.remit('tasks', 'show', task.id)
    assert.match(out, /budget +1 of 7 calls used, 6 left/)
    assert.match(out, /limit +1 of 5 calls in any 1 h used, 4 left +agent refund-bot/)
    assert.match(out, /limit +1 of 9 calls used, 8 left +person Sam Support/)
    assert.match(out, /limit +0.00 of 50.00 used, .*50.00 left +everything/)
    const own = (await sam.remit('tasks', 'show', task.id)).out
    assert.match(own, /limit +1 of 9 calls used/)
    assert.doesNotMatch(own, /in any/)
    const page = async (name: 'ada' | 'sam') =>
      (await (await remit.browser(name)).get(`${remit.issuer}/tasks/${task.id}`)).text
    assert.ok(
      (await page('ada')).includes('1 of 5 calls in any 1 hour used by all of agent refund-bot'),
    )
    assert.ok(!(await page('sam')).includes('in any 1 hour'))
    const listed = await sam.remit('limits', 'list', '--json')
    const { limits } = JSON.parse(listed.out) as { limits: { id: string }[] } // as: of the management API
    assert.equal(limits.length, 1)
    const removed = await ada.remit('limits', 'remove', limits[0]?.id ?? '')
    assert.match(removed.said, /is gone/)
    assert.match((await ada.remit('limits', 'list', '--agent', 'refund-bot')).out, /in any 1 h/)
    for (const [args, exit] of [
      [['set', 'calls=5'], 2],
      [['set', 'calls=5', '--everything', '--person', 'sam'], 2],
      [['set', 'calls', '--everything'], 2],
      [['set', 'calls=5', '--agent', 'no-bot'], 1],
      [['remove', 'lim_none'], 1],
    ] as const)
      assert.equal((await ada.remit('limits', ...args)).exit, exit, args.join(' '))
    assert.notEqual((await sam.remit('limits', 'set', 'calls=5', '--everything')).exit, 0)
  })
})
