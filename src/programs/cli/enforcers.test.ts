import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { direct, type Guard } from 'remit-sdk/api'
import { SHOP_DOCUMENT, startShop } from '../../../test/sdk/shop.ts'
import { World as Remit } from '../../../test/world.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { grantBasis } from '../../tasks/consent/index.ts'
import { StoredSessions } from './server/sessions.ts'
import { type Owner, sink, type TestCli, testCli } from './testing.ts'

// An API that asks by itself, from the first command to the last, outside `remit dev`: what widens access is confirmed.

const HOUR = 3_600_000

describe('remit clients of the kind enforcer', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  async function userOf(owner: Owner, name: 'ada' | 'sam'): Promise<TestCli> {
    const talk = sink((text) => {
      const [page] = /\S+\/confirm\/\S+/.exec(text) ?? []
      if (page === undefined) return
      void remit
        .browser(name)
        .then(async (browser) => browser.submit(await browser.get(page), /^Confirm/))
    })
    const cli = await testCli(owner, { REMIT_URL: remit.issuer }, { talk })
    const token = new Secret((await remit.api(name)).token)
    const expiresAt = new Date(cli.world.clock.now() + HOUR).toISOString()
    await new StoredSessions(cli.world).keep({ url: remit.issuer, token, expiresAt })
    return cli
  }

  test('an API gets a secret, asks with it, and asks nothing when it is revoked', async (t) => {
    const cli = await userOf(t, 'ada')
    let guard: Guard | undefined
    const shop = await startShop('web', 'shop', () => ({
      maxBodyBytes: 1024,
      for: (route) => (incoming) => {
        assert.ok(guard, 'not before it has a secret')
        return guard.for(route)(incoming)
      },
      settled: async () => guard?.settled(),
    }))
    t.after(() => shop.close())
    await writeFile(join(cli.home, 'shop.json'), JSON.stringify(SHOP_DOCUMENT))
    const imported = await cli.remit(
      ...['resources', 'import', 'shop', '--openapi', 'shop.json', '--direct', shop.origin],
    )
    assert.equal(imported.exit, 0, imported.said)
    const empty = await cli.remit('clients', 'list', '--target', 'shop')
    assert.match(empty.out, /None yet\. `remit clients add KIND NAME` makes one/)

    const added = await cli.remit(
      ...['clients', 'add', 'enforcer', 'shop-api', '--resource', 'shop', '--json'],
    )
    assert.equal(added.exit, 0, added.said)
    const { id, secret } = added.json as { id: string; secret: string } // as the API says
    assert.match(secret, /^enf_[A-Za-z0-9_-]{43}$/)
    assert.ok(!added.said.includes(secret), 'only where it was asked for')
    guard = direct({ issuer: remit.issuer, resource: shop.origin, secret })

    const policies = join(cli.home, 'rules.cedar')
    const shown = await cli.remit('policy', 'show')
    const rules = `
@id("support-shop") permit (principal in Group::"support", action, resource == Resource::"shop");
@id("bot-shop") permit (principal == Agent::"refund-bot", action, resource == Resource::"shop");`
    await writeFile(policies, shown.out + rules)
    assert.equal((await cli.remit('policy', 'publish', policies)).exit, 0)
    const limits = ['--ceiling', 'shop.*', 'orders.*']
    const ceiling = await cli.remit('agents', 'limits', 'refund-bot', ...limits)
    assert.equal(ceiling.exit, 0, ceiling.said)
    const by = (await remit.person('sam')).id
    const details = [
      { type: 'remit_call', locations: [shop.origin], actions: ['shop.list'], bounds: [] },
    ] as const
    const basis = { personId: by, agentId: 'refund-bot', kind: 'consent', grantedBy: by } as const
    await grantBasis(remit.rooms.decisions, { ...basis, details: [...details] })
    const task = await remit.open({ details })
    const call = async () => {
      const token = await remit.agent.token(task, shop.origin)
      const url = `${shop.origin}/items`
      const proof = await remit.agent.proof(task.key, { method: 'GET', url, token })
      const headers = { authorization: `DPoP ${token}`, dpop: proof }
      return (await fetch(url, { headers })).status
    }
    assert.equal(await call(), 200)
    const listed = await cli.remit('clients', 'list', '--target', 'shop')
    assert.match(listed.out, new RegExp(`${id} .*in use`))
    assert.ok(!listed.out.includes(secret.slice(4)))

    const revoked = await cli.remit('clients', 'remove', id)
    assert.equal(revoked.exit, 0, revoked.said)
    assert.equal(await call(), 503)
    assert.match((await cli.remit('clients', 'list', '--target', 'shop')).out, /removed/)
    const again = await cli.remit('clients', 'remove', id)
    assert.match(again.said, /client\.unknown/)
    await guard.settled()
  })

  test('not for an API behind the gateway, and not for everyone', async (t) => {
    const ada = await userOf(t, 'ada')
    const behind = await ada.remit('clients', 'add', 'enforcer', 'echo-api', '--resource', 'echo')
    assert.equal(behind.exit, 1)
    assert.match(behind.said, /client\.not_direct/)
    const sam = await userOf(t, 'sam')
    for (const act of [
      ['add', 'enforcer', 'orders-api', '--resource', 'orders'],
      ['list', '--target', 'orders'],
      ['remove', 'shop-api'],
    ]) {
      const { exit, said } = await sam.remit('clients', ...act)
      assert.equal(exit, 1)
      assert.match(said, /session\.not_permitted|administrator/)
    }
  })
})
