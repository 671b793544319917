import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { RECORDS } from '../../../test/conformance/authzen/records.ts'
import { newKey } from '../../../test/signing.ts'
import { World as Remit } from '../../../test/world.ts'
import { signedIn } from './testing.ts'

describe('remit clients', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  test('one is registered, given credentials and other settings, and ended', async (t) => {
    const cli = await signedIn(t, remit)
    const empty = await cli.remit('clients', 'list')
    assert.match(empty.out, /None yet\. `remit clients add KIND NAME` makes one/)
    const added = await cli.remit('clients', 'add', 'pep', 'edge', '--resource', 'orders', '--json')
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /asks about calls of tasks to orders/)
    const { secret } = added.json as { secret: string } // as the API says
    assert.match(secret, /^pep_[A-Za-z0-9_-]{43}$/)
    assert.ok(!added.said.includes(secret), 'only where it was asked for')

    const rotated = await cli.remit('clients', 'rotate', 'edge', '--keep-previous', '2h', '--json')
    assert.equal(rotated.exit, 0, rotated.said)
    const { secret: second } = rotated.json as { secret: string } // likewise
    assert.match(second, /^pep_[A-Za-z0-9_-]{43}$/)
    const ask = (shown: string) =>
      fetch(`${remit.issuer}/access/v1/evaluation`, {
        method: 'POST',
        headers: { authorization: `Bearer ${shown}`, 'content-type': 'application/json' },
        body: '{}',
      })
    for (const each of [secret, second]) assert.equal((await ask(each)).status, 400)
    const third = await cli.remit('clients', 'rotate', 'edge')
    assert.match(third.out, /shown this once: pep_\S{43}/)
    assert.match(third.out, /the one before it is not valid any more/)
    for (const each of [secret, second]) assert.equal((await ask(each)).status, 401)
    for (const wrong of ['soon', '2000-01-01T00:00:00Z', '60d'])
      assert.notEqual(
        (await cli.remit('clients', 'rotate', 'edge', '--keep-previous', wrong)).exit,
        0,
      )

    const { publicJwk } = await newKey()
    await writeFile(join(cli.home, 'edge.jwk'), JSON.stringify({ ...publicJwk, kid: 'edge-1' }))
    const key = await cli.remit('clients', 'add-key', 'edge', 'edge.jwk')
    assert.equal(key.exit, 0, key.said)
    const set = await cli.remit('clients', 'set', 'edge', '--names-tasks', '--takes')
    assert.match(set.said, /every resource; it is trusted to say who calls; it asks \/v1\/calls/)

    const { out: shown } = await cli.remit('clients', 'show', 'edge')
    assert.match(shown, /key edge-1/)
    const [id = ''] = /crd_\S+(?= +key)/.exec(shown) ?? []
    const ended = await cli.remit('clients', 'end-credential', 'edge', id)
    assert.equal(ended.exit, 0, ended.said)
    const after = await cli.remit('clients', 'show', 'edge')
    assert.doesNotMatch(after.out, new RegExp(`${id}.*in use`))
    assert.match(
      (await cli.remit('clients', 'end-credential', 'edge', id)).said,
      /unknown_credential/,
    )

    const unheard = await cli.remit('clients', 'callback', 'edge', 'https://edge.example/ended')
    assert.match(unheard.said, /client\.bad_settings/)

    assert.equal((await cli.remit('clients', 'remove', 'edge')).exit, 0)
    assert.match((await cli.remit('clients', 'list')).out, /edge.*removed/)
    assert.match((await cli.remit('clients', 'rotate', 'edge')).said, /client\.unknown/)
  })

  test('one of each kind is added, with a key or a secret, and listed by kind', async (t) => {
    const cli = await signedIn(t, remit)
    const { publicJwk } = await newKey()
    await writeFile(join(cli.home, 'reports.jwk'), JSON.stringify(publicJwk))
    const reports = [
      'introspector',
      'reports',
      '--key',
      'reports.jwk',
      '--resource',
      'orders',
      '--json',
    ]
    const keyed = await cli.remit('clients', 'add', ...reports)
    assert.equal(keyed.exit, 0, keyed.said)
    assert.ok(!('secret' in (keyed.json as object))) // as the API says
    assert.match(keyed.said, /asks about tokens for orders/)
    const source = await cli.remit('clients', 'add', 'signal-source', 'our-siem')
    assert.match(source.out, /shown this once: sgs_\S{43}/)
    assert.equal((await cli.remit('clients', 'add', 'pep', 'mesh', '--names-tasks')).exit, 0)
    const at = 'https://mesh.example/ended'
    const called = await cli.remit('clients', 'callback', 'mesh', at)
    assert.match(called.out, /shown this once: whsec_\S{43}=/)
    assert.match((await cli.remit('clients', 'show', 'mesh')).out, /called back at https:\/\/mesh/)
    const never = await cli.remit('clients', 'callback', 'mesh', '--never')
    assert.match(never.out, /called back nowhere/)
    assert.doesNotMatch((await cli.remit('clients', 'show', 'mesh')).out, /called back/)
    const listed = await cli.remit('clients', 'list', '--kind', 'signal-source')
    assert.match(listed.out, /our-siem +signal-source +raises risk signals +never +in use/)
    assert.doesNotMatch(listed.out, /reports/)
    for (const [args, exit, words] of [
      [['add', 'spy', 'x'], 2, /enforcer, introspector, pep, signal-source, surface/],
      [['add', 'enforcer', 'x'], 2, /--resource is needed, once/],
      [['add', 'surface', 'x', '--space', 'y', '--silent-after', '5'], 2, /from 60 to 86400/],
      [
        ['add', 'signal-source', 'x', '--takes'],
        2,
        /--takes means nothing for the kind signal-source/,
      ],
      [['add', 'signal-source', 'our-siem'], 1, /client\.exists/],
      [['set', 'our-siem'], 1, /settings of the kind signal-source do not change/],
      [
        ['make'],
        2,
        /there are: list, show, add, set, rotate, add-key, end-credential, remove, callback/,
      ],
      [['show', 'nobody'], 1, /client\.unknown/],
    ] as const) {
      const ran = await cli.remit('clients', ...args)
      assert.equal(ran.exit, exit, `${args.join(' ')}: ${ran.said}`)
      assert.match(ran.said, words)
    }
  })

  test('a policy-only set is checked, published and shown, and answers an enforcement point', async (t) => {
    const cli = await signedIn(t, remit)
    await writeFile(join(cli.home, 'r.cedar'), RECORDS.policies)
    await writeFile(join(cli.home, 'r.cedarschema'), RECORDS.schema)
    await writeFile(join(cli.home, 'r.json'), RECORDS.entities)
    const files = ['--policies', 'r.cedar', '--schema', 'r.cedarschema', '--entities', 'r.json']
    const before = await cli.remit('clients', 'add', 'pep', 'records', '--policy-set', 'records')
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
    const added = await cli.remit('clients', 'add', 'pep', 'records', '--policy-set', 'records')
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
    const add = [
      'clients',
      'add',
      'pep',
      'login',
      ...issuer,
      ...party,
      '--audience',
      'api://crm=orders',
    ]
    const added = await ada.remit(...add)
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /https:\/\/login\.example asks before it issues tokens/)
    assert.match(added.said, /the workload spiffe:\/\/prod\/a=b is refund-bot/)
    assert.match((await ada.remit('clients', 'list')).out, /api:\/\/crm is orders/)
    for (const [wrong, says] of [
      [['--client', 'crm=refund-bot'], /need --issuer/],
      [[...issuer, '--client', 'crm'], /has to be ID=NAME/],
      [[...issuer, '--client', 'crm=nobody-at-all'], /no agent `nobody-at-all`/],
      [[...issuer, '--audience', 'x=nothing'], /no resource `nothing`/],
      [[...issuer, '--takes'], /mean nothing in the mode `issuance`/],
      [['--issuer', 'login'], /is no address/],
      [[...issuer, '--client', 'a=refund-bot', 'a=refund-bot'], /there twice/],
    ] as const)
      assert.match((await ada.remit('clients', 'add', 'pep', 'other', ...wrong)).said, says)
  })

  test('not with settings that mean nothing, nor a key that is none, nor for everyone', async (t) => {
    const ada = await signedIn(t, remit)
    const nowhere = await ada.remit('clients', 'add', 'pep', 'mesh', '--resource', 'nothing')
    assert.match(nowhere.said, /client\.bad_settings/)
    await writeFile(join(ada.home, 'no.jwk'), 'no json')
    assert.match((await ada.remit('clients', 'add-key', 'mesh', 'no.jwk')).said, /not JSON/)
    assert.match((await ada.remit('clients', 'add-key', 'mesh', 'gone.jwk')).said, /cannot be read/)
    const sam = await signedIn(t, remit, 'sam')
    for (const act of [['list'], ['add', 'pep', 'mine'], ['show', 'edge'], ['remove', 'edge']]) {
      const { exit, said } = await sam.remit('clients', ...act)
      assert.equal(exit, 1)
      assert.match(said, /administrator/)
    }
  })
})
