import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { StoredSessions } from './server/sessions.ts'
import { type Owner, type TestCli, testCli } from './testing.ts'

const CLUSTER = ['--issuer', 'https://oidc.example.com/prod', '--use', 'workload', '--trust', '3']

describe('remit issuers', () => {
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

  test('are added, listed, shown, set anew from what was shown, suspended and revoked', async (t) => {
    const cli = await cliOf(t)
    assert.match((await cli.remit('issuers', 'list')).out, /No issuer of others is trusted/)
    const rules = [
      {
        name: 'refunds',
        when: [{ claim: '/kubernetes.io/serviceaccount/name', equals: 'refunds' }],
        agent: 'refund-bot',
      },
    ]
    await writeFile(join(cli.home, 'rules.json'), JSON.stringify(rules))
    const more = ['--any', '--rules-file', 'rules.json', '--expires', '90d', '--contact', 'ops']
    const prefix = ['--subject-prefix', 'system:serviceaccount:agents:', '--most-agents', '7']
    const people = ['--most-people', '5', '--people-an-hour', '2']
    const added = await cli.remit(
      'issuers',
      'add',
      'prod',
      ...CLUSTER,
      ...more,
      ...prefix,
      ...people,
    )
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /prod is trusted with workload/)
    for (const line of [
      /prod {2}https:\/\/oidc\.example\.com\/prod/,
      /trusted until 20/,
      /for workload; trust at most 3 \(internal\)/,
      /keys: discovery; ES256, PS256/,
      /subjects that begin with system:serviceaccount:agents:/,
      /agents made for its subjects: 0 of 7/,
      /refunds: \/kubernetes\.io\/serviceaccount\/name is refunds → refund-bot/,
    ])
      assert.match(added.out, line)
    const shown = await cli.remit('issuers', 'show', 'prod', '--json')
    await writeFile(join(cli.home, 'prod.json'), shown.out.replace('"trust":3', '"trust":3'))
    const set = await cli.remit('issuers', 'set', 'prod', '--file', 'prod.json', '--json')
    assert.equal(set.exit, 0, set.said)
    assert.deepEqual(set.json.terms, shown.json.terms, 'what is shown can be set again')
    const { most_people, people_an_hour } = Object(set.json.terms)
    assert.deepEqual([most_people, people_an_hour], [5, 2])
    const access = {
      ...{ provider: 'https://login.example.com', actor: 'act' },
      details: [
        { type: 'remit_call' },
        {
          ...{ type: 'paying', at: 'https://gw.example/pay', actions: ['pay.send'] },
          when: [{ claim: '/amount/currency', equals: 'EUR' }],
          bounds: [{ path: '/amount', op: 'lte', from: '/amount/most' }],
          ignores: ['note'],
        },
      ],
    }
    await writeFile(join(cli.home, 'access.json'), JSON.stringify(access))
    const server = [
      '--issuer',
      'https://as.example',
      '--use',
      'access_token',
      '--trust',
      '2',
      '--any',
    ]
    const read = await cli.remit(
      ...['issuers', 'add', 'server', ...server, '--access-file', 'access.json'],
    )
    assert.equal(read.exit, 0, read.said)
    const shownServer = await cli.remit('issuers', 'show', 'server', '--json')
    await writeFile(join(cli.home, 'server.json'), shownServer.out)
    const again = await cli.remit('issuers', 'set', 'server', '--file', 'server.json', '--json')
    assert.deepEqual(
      Object(again.json.terms).access,
      Object(shownServer.json.terms).access,
      again.said,
    )
    assert.deepEqual(Object(again.json.terms).access.details, [
      { type: 'remit_call', when: [] },
      access.details[1],
    ])
    const tenant = ['--issuer', 'https://ci.example', '--tenant', 'owner=7', '--use', 'workload']
    const mesh = ['--issuer', 'spiffe://prod.example', '--bundle', 'https://spire.example/b']
    for (const args of [
      ['ci', ...tenant, '--trust', '1', '--ceiling', 'desk.read-note', '--algorithm', 'RS256'],
      ['mesh', ...mesh, '--use', 'workload', '--trust', '2', '--any'],
    ]) {
      const ran = await cli.remit('issuers', 'add', ...args)
      assert.equal(ran.exit, 0, ran.said)
    }
    const listed = await cli.remit('issuers', 'list')
    assert.match(listed.out, /^NAME +ISSUER +FOR +TRUST +AGENTS +STATE/)
    assert.match(
      listed.out,
      /ci +https:\/\/ci\.example \(7\) +workload +1 \(external\) +0 +trusted/,
    )
    for (const [act, said, state] of [
      ['suspend', /prod is suspended/, 'suspended'],
      ['resume', /prod counts again/, 'active'],
      ['revoke', /prod is revoked; everything that came of it has ended/, 'revoked'],
    ] as const) {
      const ran = await cli.remit('issuers', act, 'prod', '--reason', 'test', '--json')
      assert.match(ran.said, said)
      assert.equal(ran.json.state, state)
    }
  })

  test('what it cannot do it says, and what would do', async (t) => {
    const cli = await cliOf(t)
    const add = ['issuers', 'add', 'wrong', ...CLUSTER]
    for (const [args, exit, said] of [
      [add, 2, /Say once what is allowed/],
      [[...add, '--any', '--ceiling', 'desk.read-note'], 2, /--any or a ceiling/],
      [[...add, '--any', '--jwks-uri', 'https://a', '--bundle', 'https://b'], 2, /once where/],
      [[...add, '--any', '--tenant', 'nothing'], 2, /CLAIM=VALUE/],
      [[...add, '--any', '--rules-file', 'none.json'], 1, /file cannot be read/],
      [[...add, '--any', '--algorithm', 'HS256'], 1, /issuer\.bad/],
      [['issuers', 'show', 'nothing'], 1, /`remit issuers list` shows all trusted issuers/],
      [['issuers', 'revoke', 'nothing'], 1, /issuer\.unknown/],
    ] as const) {
      const ran = await cli.remit(...args)
      assert.equal(ran.exit, exit, `${args.join(' ')} ${ran.said}`)
      assert.match(ran.said, said, args.join(' '))
      assert.equal(ran.out, '')
    }
  })

  test('is for administrators', async (t) => {
    const cli = await cliOf(t, 'sam')
    const refused = await cli.remit('issuers', 'list')
    assert.equal(refused.exit, 1)
    assert.match(refused.said, /api\.not_permitted/)
  })
})
