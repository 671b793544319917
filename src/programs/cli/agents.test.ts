import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { endAccount } from '../../identity/ended-accounts/index.ts'
import { signedIn } from './testing.ts'

describe('remit agents', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite')
  })
  after(() => remit.stop())

  test('recertify sets a date, moves it, lists it, and takes it away', async (t) => {
    const cli = await signedIn(t, remit)
    assert.match((await cli.remit('agents', 'recertify')).out, /No agent carries a date/)
    const set = await cli.remit('agents', 'recertify', 'refund-bot', '--every', '90')
    assert.equal(set.exit, 0, set.said)
    assert.match(set.said, /refund-bot counts as wanted until .*; it is active/)
    const listed = await cli.remit('agents', 'recertify')
    assert.match(
      listed.out,
      /^NAME +STATUS +RECERTIFY BY +OWNER\s+refund-bot +active +\S.* +Ada Admin/,
    )
    const moved = await cli.remit('agents', 'recertify', 'refund-bot', '--json')
    assert.deepEqual([moved.exit, moved.json.recertify_days], [0, 90], moved.said)
    const { agents } = (await cli.remit('agents', 'recertify', '--json')).json as {
      agents: readonly { id: string }[]
    } // as documented
    assert.deepEqual(
      agents.map(({ id }) => id),
      ['refund-bot'],
    )
    const past = await cli.remit('agents', 'recertify', '--after', 'refund-bot')
    assert.match(past.out, /No agent carries a date/)
    const sam = await signedIn(t, remit, 'sam')
    const not = await sam.remit('agents', 'recertify', 'refund-bot')
    assert.equal(not.exit, 1)
    assert.match(not.said, /agent\.not_owner/)
    const never = await cli.remit('agents', 'recertify', 'refund-bot', '--never')
    assert.match(never.said, /refund-bot carries no date/)
    for (const wrong of [
      ['--every', '0'],
      ['--every', '3651'],
      ['--every', '9', '--never'],
    ])
      assert.equal((await cli.remit('agents', 'recertify', 'refund-bot', ...wrong)).exit, 2)
    assert.equal((await cli.remit('agents', 'recertify', '--never')).exit, 2)
  })

  test('owner gives an agent to somebody else, and an agent whose owner has left works again', async (t) => {
    const cli = await signedIn(t, remit)
    const task = await remit.open()
    const call = async () => {
      const { body, status } = await remit.agent.call(task, 'GET', '/orders/orders/1042')
      return status === 200 ? 'permitted' : body.code
    }
    assert.equal(await call(), 'permitted')
    await remit.browser('fiona')
    const given = await cli.remit('agents', 'owner', 'refund-bot', 'fiona@example.com')
    assert.equal(given.exit, 0, given.said)
    assert.match(given.said, /fiona@example\.com answers for refund-bot/)
    const { id: personId } = await remit.person('fiona')
    assert.equal(await call(), 'permitted')
    await endAccount(remit.rooms.people, { personId, by: 'operator' })
    await assert.rejects(call(), /agent\.owner_suspended/)
    const gone = await cli.remit('agents', 'owner', 'refund-bot', personId)
    assert.equal(gone.exit, 1)
    assert.match(gone.said, /agent\.bad_owner/)
    const back = await cli.remit('agents', 'owner', 'refund-bot', 'ada', '--json')
    assert.equal(back.exit, 0, back.said)
    assert.equal(back.json.owner, (await remit.person('ada')).id)
    assert.equal(await call(), 'permitted')
  })

  test('link says which client is an agent, unlink takes that back', async (t) => {
    const cli = await signedIn(t, remit)
    const client = 'https://login.example.com=bot-client'
    const linked = await cli.remit('agents', 'link', 'refund-bot', client)
    assert.match(linked.said, /bot-client at https:\/\/login\.example\.com is refund-bot/)
    assert.match((await cli.remit('agents', 'show', 'refund-bot')).out, /bot-client/)
    const gone = await cli.remit('agents', 'unlink', 'refund-bot', client, '--json')
    assert.equal(gone.exit, 0, gone.said)
    assert.ok(!JSON.stringify(gone.json.clients).includes('bot-client'))
    const told = await cli.remit('agents', 'unlink', 'refund-bot', client)
    assert.match(told.said, /bot-client at https:\/\/login\.example\.com is not refund-bot/)
    assert.doesNotMatch((await cli.remit('agents', 'show', 'refund-bot')).out, /bot-client/)
    assert.equal((await cli.remit('agents', 'unlink', 'refund-bot', 'nothing')).exit, 2)
    assert.match((await cli.remit('agents', 'unlink', 'nobody', client)).said, /agent\.unknown/)
  })

  test('certificate says how certificates call an agent, one name at a time', async (t) => {
    const cli = await signedIn(t, remit)
    const none = await cli.remit('agents', 'certificate', 'refund-bot')
    assert.match(none.out, /No certificate name leads to this agent/)
    const dns = ['agents', 'certificate', 'refund-bot', '--dns', 'Bot.example']
    const added = await cli.remit(...dns)
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /certificates with san_dns Bot\.example are refund-bot/)
    assert.match(added.out, /san_dns +bot\.example/)
    const all = await cli.remit('agents', 'certificate', 'refund-bot', '--json')
    const named = [{ kind: 'san_dns', value: 'bot.example' }]
    assert.deepEqual(all.json, { agent: 'refund-bot', certificate_names: named })
    const bad = await cli.remit('agents', 'certificate', 'refund-bot', '--ip', '10.0.0')
    assert.match(bad.said, /agent\.bad_certificate_name/)
    assert.equal((await cli.remit(...dns, '--uri', 'urn:x')).exit, 2)
    assert.equal((await cli.remit('agents', 'certificate', 'refund-bot', '--remove')).exit, 2)
    const gone = await cli.remit(...dns, '--remove')
    assert.match(gone.said, /is not refund-bot any more/)
    assert.match(gone.out, /No certificate name leads to this agent/)
  })
})
