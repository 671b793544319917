import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ended } from '../../../test/ended.ts'
import { World as Remit } from '../../../test/world.ts'
import { signedIn } from './testing.ts'

describe('remit ledger erase', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  test('O: is confirmed on a page, once, and then the values of a decision are gone', async (t) => {
    const cli = await signedIn(t, remit)
    const task = await remit.open()
    const call = await remit.agent.call(task, 'GET', '/orders/orders/1042')
    assert.equal(call.status, 200, call.text)
    const { id } = await ended(remit, call.headers['remit-decision'])
    const erase = (...args: string[]) => cli.remit('ledger', 'erase', id, ...args)

    assert.match((await cli.remit('decisions', 'explain', id, '--json')).out, /"facts": "facts"/)

    const sure = await erase('--why', 'requested')
    assert.equal(sure.exit, 0, sure.said)
    assert.match(sure.said, /cannot be taken back, so it is confirmed on a page/)
    assert.match(sure.said, /✓ erased what [12] of 2 records had beside them/)
    assert.match((await cli.remit('decisions', 'explain', id, '--json')).out, /"facts": "erased"/)
  })

  test('what cannot be meant is told', async (t) => {
    const cli = await signedIn(t, remit)
    for (const [args, exit, words] of [
      [['--why', 'requested'], 2, /either a decision, or --position/],
      [['dec_x', '--position', '1', '--why', 'requested'], 2, /either a decision, or --position/],
      [['dec_x'], 2, /--why/],
      [['dec_x', '--why', 'because'], 2, /requested, retention, mistake/],
      [['--position', 'first', '--why', 'mistake'], 2, /a number from 0/],
      [['dec_x', '--why', 'mistake', '--yes'], 1, /decision\.unknown/],
    ] as const) {
      const ran = await cli.remit('ledger', 'erase', ...args)
      assert.equal(ran.exit, exit, `${args.join(' ')}: ${ran.said}`)
      assert.match(ran.said, words)
    }
  })
})
