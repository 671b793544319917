import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { RECORDS } from '../../../test/conformance/authzen/records.ts'
import { newKey } from '../../../test/signing.ts'
import { World as Remit } from '../../../test/world.ts'
import { signedIn } from '../testing.ts'

describe('remit peps', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  test('one is registered, given credentials and other settings, and ended', async (t) => {
    const cli = await signedIn(t, remit)
    assert.match((await cli.remit('peps', 'list')).out, /None yet/)
    const added = await cli.remit('peps', 'add', 'edge', '--resource', 'orders')
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /asks about calls of tasks to orders/)

    const secret = await cli.remit('peps', 'add-secret', 'edge', '--json')
    assert.match((secret.json as { secret: string }).secret, /^pep_[A-Za-z0-9_-]{43}$/) // as the API says
    const { publicJwk } = await newKey()
    await writeFile(join(cli.home, 'edge.jwk'), JSON.stringify({ ...publicJwk, kid: 'edge-1' }))
    const key = await cli.remit('peps', 'add-key', 'edge', 'edge.jwk')
    assert.equal(key.exit, 0, key.said)
    const set = await cli.remit('peps', 'set', 'edge', '--names-tasks', '--takes')
    assert.match(set.said, /every resource; it is believed about who calls; it asks \/v1\/calls/)

    const { out: shown } = await cli.remit('peps', 'show', 'edge')
    assert.match(shown, /key edge-1/)
    const [id = ''] = /pec_\S+/.exec(shown) ?? []
    const ended = await cli.remit('peps', 'end-credential', 'edge', id)
    assert.equal(ended.exit, 0, ended.said)
    assert.match((await cli.remit('peps', 'show', 'edge')).out, new RegExp(`${id}.*ended`))

    assert.equal((await cli.remit('peps', 'revoke', 'edge')).exit, 0)
    assert.match((await cli.remit('peps', 'list')).out, /edge.*revoked/)
    assert.match((await cli.remit('peps', 'add-secret', 'edge')).said, /pep\.unknown/)
  })

  test('a policy-only set is checked, published and shown, and answers an enforcement point', async (t) => {
    const cli = await signedIn(t, remit)
    await writeFile(join(cli.home, 'r.cedar'), RECORDS.policies)
    await writeFile(join(cli.home, 'r.cedarschema'), RECORDS.schema)
    await writeFile(join(cli.home, 'r.json'), RECORDS.entities)
    const files = ['--policies', 'r.cedar', '--schema', 'r.cedarschema', '--entities', 'r.json']
    const before = await cli.remit('peps', 'add', 'records', '--policy-set', 'records')
    assert.match(before.said, /there is no policy set/)
    const valid = await cli.remit('policy-sets', 'validate', ...files)
    assert.equal(valid.exit, 0, valid.said)
    const published = await cli.remit(
      'policy-sets',
      'publish',
      'records',
      ...files,
      '--note',
      'first',
    )
    assert.equal(published.exit, 0, published.said)
    assert.match((await cli.remit('policy-sets', 'list')).out, /records +1 .*first/)
    assert.equal((await cli.remit('policy-sets', 'show', 'records')).out, RECORDS.policies)
    const { out: schema } = await cli.remit('policy-sets', 'show', 'records', '1', '--schema')
    assert.equal(schema, RECORDS.schema)
    const added = await cli.remit('peps', 'add', 'records', '--policy-set', 'records')
    assert.match(added.said, /answered by the policy set records/)

    await writeFile(join(cli.home, 'r.json'), '[{"uid":{"type":"spaceship","id":"x"}}]')
    for (const act of [['validate'], ['publish', 'records']]) {
      const wrong = await cli.remit('policy-sets', ...act, ...files)
      assert.equal(wrong.exit, 1)
      assert.match(wrong.said, /✗ entities .*no such type/)
    }
    await writeFile(join(cli.home, 'r.cedar'), '\n@id("x") permit (principal, action, resource)\n')
    const cut = await cli.remit('policy-sets', 'validate', ...files)
    assert.match(cut.said, /✗ policies:\d+:\d+/)
  })

  test('an authorization server that asks before it issues: its clients, workloads and audiences', async (t) => {
    const ada = await signedIn(t, remit)
    const issuer = ['--issuer', 'https://login.example']
    const party = ['--client', 'crm=refund-bot', '--workload', 'spiffe://prod/a=b=refund-bot']
    const add = ['peps', 'add', 'login', ...issuer, ...party, '--audience', 'api://crm=orders']
    const added = await ada.remit(...add)
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /https:\/\/login\.example asks before it issues tokens/)
    assert.match(added.said, /the workload spiffe:\/\/prod\/a=b is refund-bot/)
    assert.match((await ada.remit('peps', 'list')).out, /api:\/\/crm is orders/)
    for (const [wrong, says] of [
      [['--client', 'crm=refund-bot'], /need --issuer/],
      [[...issuer, '--client', 'crm'], /has to be ID=NAME/],
      [[...issuer, '--client', 'crm=nobody-at-all'], /no agent `nobody-at-all`/],
      [[...issuer, '--audience', 'x=nothing'], /no resource `nothing`/],
      [[...issuer, '--takes'], /mean nothing in the mode `issuance`/],
      [['--issuer', 'login'], /is no address/],
      [[...issuer, '--client', 'a=refund-bot', 'a=refund-bot'], /there twice/],
    ] as const)
      assert.match((await ada.remit('peps', 'add', 'other', ...wrong)).said, says)
  })

  test('not with settings that mean nothing, nor a key that is none, nor for everyone', async (t) => {
    const ada = await signedIn(t, remit)
    const nowhere = await ada.remit('peps', 'add', 'mesh', '--resource', 'nothing')
    assert.match(nowhere.said, /pep\.bad_settings/)
    await writeFile(join(ada.home, 'no.jwk'), 'no json')
    assert.match((await ada.remit('peps', 'add-key', 'mesh', 'no.jwk')).said, /not JSON/)
    assert.match((await ada.remit('peps', 'add-key', 'mesh', 'gone.jwk')).said, /cannot be read/)
    const sam = await signedIn(t, remit, 'sam')
    for (const act of [['list'], ['add', 'mine'], ['show', 'edge'], ['revoke', 'edge']]) {
      const { exit, said } = await sam.remit('peps', ...act)
      assert.equal(exit, 1)
      assert.match(said, /administrator/)
    }
  })
})
