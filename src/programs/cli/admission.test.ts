import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { StoredSessions } from './server/sessions.ts'
import { type Owner, type TestCli, testCli } from './testing.ts'

describe('remit admission', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite')
  })
  after(() => remit.stop())

  async function cliOf(owner: Owner, name: 'ada' | 'sam' = 'ada'): Promise<TestCli> {
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

  test('rules are added, told as they count, listed and removed', async (t) => {
    const cli = await cliOf(t)
    const none = await cli.remit('admission', 'list')
    assert.match(none.out, /No rules: agents that register themselves are quarantined/)
    const add = [
      'admission',
      'add',
      'this-computer',
      '--redirect-host',
      'localhost',
      '--trust',
      '2',
    ]
    const added = await cli.remit(...add, '--ceiling', 'desk.read-note', 'desk.search-notes')
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /lets in clients at localhost: trust 2 \(partner\), owner Ada Admin/)
    assert.match(added.said, /at most desk\.read-note desk\.search-notes/)
    const bounds = [{ path: '/amount', op: 'lte', value: '10.00' }]
    const detail = { actions: ['orders.refund'], locations: [remit.orders], bounds }
    await writeFile(
      join(cli.home, 'ceiling.json'),
      JSON.stringify([{ type: 'remit_call', ...detail }]),
    )
    const hosts = ['--redirect-host', '*.apps.example', 'app.example:8443']
    const more = await cli.remit(
      ...['admission', 'add', 'house', ...hosts, '--trust', '3', '--owner', 'fiona'],
      ...['--ceiling-file', 'ceiling.json', '--json'],
    )
    assert.equal(more.exit, 0, more.said)
    assert.deepEqual(more.json.redirect_hosts, ['*.apps.example', 'app.example:8443'])
    assert.equal(more.json.owner_name, 'Fiona Finance')
    const listed = await cli.remit('admission', 'list')
    assert.match(listed.out, /^NAME +DOCUMENTS AT +ANSWERS GO TO +TRUST +OWNER +AT MOST/)
    assert.match(listed.out, /this-computer +localhost +2 \(partner\) +Ada Admin +desk\.read-note/)
    assert.match(
      listed.out,
      /house .*3 \(internal\) +Fiona Finance +orders\.refund \(within bounds\)/,
    )
    const documents = ['--document-host', 'app.example', '--redirect-host', 'localhost']
    const third = await cli.remit(
      ...['admission', 'add', 'app', ...documents, '--key-change', 'suspend'],
      ...['--trust', '1', '--ceiling', 'desk.read-note'],
    )
    assert.match(
      third.said,
      /lets in clients with documents at app\.example, with answers also to localhost/,
    )
    assert.match((await cli.remit('admission', 'list')).out, /app +app\.example +localhost +1/)
    assert.equal((await cli.remit('admission', 'remove', 'app')).exit, 0)
    const removed = await cli.remit('admission', 'remove', 'this-computer')
    assert.match(removed.said, /the rule this-computer is gone[\s\S]*agents that it let in stay/)
    const { rules } = (await cli.remit('admission', 'list', '--json')).json as { rules: object[] } // as the API says
    assert.equal(rules.length, 1)
  })

  test('what it cannot do it says, and what would do', async (t) => {
    const cli = await cliOf(t)
    const add = ['admission', 'add', 'wrong', '--redirect-host']
    const much = ['--trust', '1', '--ceiling', 'desk.read-note']
    for (const [args, exit, said] of [
      [[...add, 'localhost', '--trust', '1'], 2, /Say once what is allowed/],
      [
        [...add, 'localhost', '--trust', '9', '--ceiling', 'desk.*'],
        2,
        /a trust level is 0, 1, 2 or 3/,
      ],
      [[...add.slice(0, 3), ...much], 2, /--redirect-host/],
      [[...add, 'Localhost', ...much], 1, /`Localhost` is neither a host in lower case/],
      [[...add, '*', ...much], 1, /admission\.bad_rule/],
      [[...add, 'localhost', '--trust', '1', '--ceiling', 'nothing.*'], 1, /no resource `nothing`/],
      [[...add, 'localhost', ...much, '--owner', 'nobody'], 1, /nobody/],
      [['admission', 'remove', 'nothing'], 1, /`remit admission list` shows all rules/],
      [['admission', 'remove'], 2, /name/],
    ] as const) {
      const ran = await cli.remit(...args)
      assert.equal(ran.exit, exit, `${args.join(' ')} ${ran.said}`)
      assert.match(ran.said, said, args.join(' '))
      assert.equal(ran.out, '')
    }
  })

  test('an agent is registered by the address that is its client id, and found by it', async (t) => {
    const cli = await cliOf(t)
    const url = 'https://app.example/client.json'
    const given = ['--trust', '1', '--ceiling', 'desk.read-note']
    const added = await cli.remit('agents', 'add', url, ...given)
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /doc-app-example-[0-9a-f]{24} is registered/)
    assert.match(added.said, /its keys are those of its metadata document/)
    const shown = await cli.remit('agents', 'show', url)
    assert.match(
      shown.out,
      /known by the address of its metadata document; an administrator vouches for it/,
    )
    assert.match(shown.out, /client id +https:\/\/app\.example\/client\.json/)
    const json = (await cli.remit('agents', 'show', url, '--json')).json
    assert.deepEqual(
      [json.origin, json.vouched_by, json.client_url],
      ['document', 'administrator', url],
    )
    const again = await cli.remit('agents', 'add', url, ...given)
    assert.match(again.said, /agent\.exists/)
    const wrong = await cli.remit('agents', 'add', 'https://app.example/', ...given)
    assert.match(wrong.said, /agent\.bad_name/)
    const nobody = await cli.remit('agents', 'show', 'https://other.example/client.json')
    assert.match(nobody.said, /There is no agent whose client id is/)
    assert.match(
      (await cli.remit('agents', 'show', 'refund-bot')).out,
      /registered by an administrator/,
    )
  })

  test('is for administrators', async (t) => {
    const cli = await cliOf(t, 'sam')
    const refused = await cli.remit('admission', 'list')
    assert.equal(refused.exit, 1)
    assert.match(refused.said, /api\.not_permitted/)
  })
})
