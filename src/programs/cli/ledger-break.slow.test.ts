import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { momentOf } from '../../../test/faults/went-back.ts'
import { World as Remit } from '../../../test/world.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { StoredSessions } from './server/sessions.ts'
import { fakeServer, type Owner, signedIn, testCli } from './testing.ts'

describe('remit ledger state, and accept', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  /** An older file is put under the server: what was signed last is missing, and a task is open again. */
  async function goBack(): Promise<void> {
    const task = await remit.open()
    await remit.rooms.ledger.sequence()
    const moment = await momentOf(remit)
    assert.equal((await remit.agent.about(task, 'DELETE', '')).status, 200)
    await remit.rooms.ledger.sequence()
    await remit.stopServer()
    await moment.putBack()
    await remit.startServer()
    remit.forgetBrowsers()
  }

  test('a whole ledger is told as that, and there is nothing to go on from', async (t) => {
    const cli = await signedIn(t, remit)
    const state = await cli.remit('ledger', 'state')
    assert.equal(state.exit, 0, state.said)
    assert.match(state.said, /✓ all \d+ records are those that were signed/)
    const json = await cli.remit('ledger', 'state', '--json')
    assert.deepEqual([json.json.consistent, json.json.break], [true, null])
    const accepted = await cli.remit('ledger', 'accept', '1', '--yes')
    assert.equal(accepted.exit, 1)
    assert.match(accepted.said, /ledger\.no_break/)
  })

  test('what cannot be meant is told, and changes nothing', async (t) => {
    const cli = await signedIn(t, remit)
    for (const wrong of ['0', '-1', '1.5', 'one', '1e3', '01', '9999999999']) {
      const ran = await cli.remit('ledger', 'accept', '--yes', '--', wrong)
      assert.equal(ran.exit, 1, `${wrong}: ${ran.said}`)
      assert.match(ran.said, /That is no number of a history/)
      assert.match(ran.said, /it is the number that `remit ledger state` names/)
    }
    assert.equal((await cli.remit('ledger', 'accept')).exit, 2)
    assert.match((await cli.remit('ledger', 'accept', '1')).said, /ledger\.no_break/)
    const sam = await signedIn(t, remit, 'sam')
    for (const args of [['state'], ['accept', '1', '--yes']]) {
      const ran = await sam.remit('ledger', ...args)
      assert.equal(ran.exit, 1, ran.said)
      assert.match(ran.said, /is for administrators.*api\.not_permitted/s)
    }
  })

  test('a ledger that went back: told with what is missing and what to do, gone on from after a page, whole again', async (t) => {
    await goBack()
    const cli = await signedIn(t, remit)
    const state = await cli.remit('ledger', 'state')
    assert.equal(state.exit, 0, state.said)
    for (const line of [
      /✗ nothing is permitted: \d+ records were signed for and there are \d+/,
      /found 20\S+, at \d+ records/,
      /everything up to 20\S+ is there \(\d+ records\); what came later may be missing/,
      /once you know why: remit ledger accept 1/,
    ])
      assert.match(state.said, line)
    const { break: found, consistent } = (await cli.remit('ledger', 'state', '--json')).json
    assert.equal(consistent, false)
    assert.equal(Object(found).history, 1)

    const other = await cli.remit('ledger', 'accept', '2', '--yes')
    assert.equal(other.exit, 1)
    assert.match(other.said, /ledger\.no_break/)
    assert.match((await cli.remit('ledger', 'state')).said, /nothing is permitted/)

    const accepted = await cli.remit('ledger', 'accept', '1', '--yes')
    assert.equal(accepted.exit, 0, accepted.said)
    assert.match(accepted.said, /\/confirm\//)
    assert.match(
      accepted.said,
      /✓ closed 1 tasks, voided \d+ access requests, ended \d+ allowances/,
    )
    assert.match(accepted.said, /has to be so again/)
    assert.match((await cli.remit('ledger', 'state')).said, /✓ all \d+ records/)
    const again = await cli.remit('ledger', 'accept', '1', '--yes', '--json')
    assert.equal(again.exit, 1)
    assert.equal(Object(again.json.error ?? again.json).code, 'ledger.no_break')
  })

  /** A server that answers this about its ledger. */
  async function told(owner: Owner, state: object) {
    const url = await fakeServer(owner, (_, reply) => {
      reply.setHeader('content-type', 'application/json')
      reply.end(JSON.stringify(state))
    })
    const cli = await testCli(owner, { REMIT_URL: url })
    const expiresAt = new Date(cli.world.clock.now() + 3_600_000).toISOString()
    await new StoredSessions(cli.world).keep({ url, token: new Secret('token'), expiresAt })
    return (await cli.remit('ledger', 'state')).said
  }

  test('a failover that is still being compared, and a break of which nothing signed is left', async (t) => {
    const comparing = await told(t, { consistent: false, size: 7, break: null })
    assert.match(comparing, /✗ the database failed over, and is being compared; ask again/)
    const damaged = {
      ...{ history: 3, detail: 'record 2 is missing', found_at: '2026-11-29T08:00:00Z' },
      ...{ signed_size: null, size: 7, common_size: 0, common_at: null },
    }
    const said = await told(t, { consistent: false, size: 7, break: damaged })
    assert.match(said, /✗ nothing is permitted: record 2 is missing/)
    assert.match(said, /nothing that was signed is known to be there/)
    assert.match(said, /remit ledger accept 3/)
  })
})
