import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { signedIn } from './testing.ts'

describe('remit retention', () => {
  let remit: Remit
  before(async () => {
    const settings = { REMIT_RETENTION_ARGUMENTS_DAYS: '90' }
    remit = await Remit.start('sqlite', { development: false, settings })
  })
  after(() => remit.stop())

  test('O: shows the rules, holds, lifts after one confirmation, and erases what a person asks for', async (t) => {
    const cli = await signedIn(t, remit)
    const hold = await cli.remit('retention', 'hold', 'case-17', '--person', 'sam')
    assert.equal(hold.exit, 0, hold.said)
    assert.match(hold.said, /✓ hld_\S+ holds person psn_\S+ for case-17/)
    const shown = await cli.remit('retention', 'show')
    assert.equal(shown.exit, 0, shown.said)
    assert.match(shown.out, /arguments +90 d +0 +0 +0/)
    assert.match(shown.out, /permits +for ever/)
    assert.match(shown.out, /hld_\S+ +case-17 +person psn_/)

    const [id = ''] = /hld_[\w-]+/.exec(hold.said) ?? []
    const lifted = await cli.remit('retention', 'lift', id)
    assert.equal(lifted.exit, 0, lifted.said)
    assert.match(lifted.said, /it is confirmed on a page/)
    assert.match((await cli.remit('retention', 'show')).out, /No legal hold stands/)

    const erased = await cli.remit('retention', 'erase', 'sam')
    assert.equal(erased.exit, 0, erased.said)
    assert.match(erased.said, /is being erased: ers_/)
    assert.match(
      (await cli.remit('retention', 'show')).out,
      /ers_\S+ +psn_\S+ +0 +0 +stays +goes on/,
    )
    const ended = await cli.remit('retention', 'erase', 'fiona', '--account', '--yes')
    assert.equal(ended.exit, 0, ended.said)
    assert.match(ended.said, /the account of psn_\S+ has ended/)
    assert.match((await cli.remit('people', 'list')).out, /ended +fiona@/)
    const early = await cli.remit('people', 'permit-return', 'psn_AAAAAAAAAAAAAAAAAAAAAA')
    assert.notEqual(early.exit, 0)
    assert.match(early.said, /was erased/)
  })
})
