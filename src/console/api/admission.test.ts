import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../../test/refusals.ts'
import { inEachWorld } from '../../../test/world.ts'

interface Rule {
  readonly name: string
  readonly created_at: string
}

inEachWorld('admission rules over the management API', (world) => {
  const rule = (over: Readonly<Record<string, unknown>> = {}) => ({
    name: 'this-computer',
    redirect_hosts: ['localhost'],
    trust: 2,
    ceiling: [{ type: 'remit_call', locations: [world().orders], actions: ['orders.read'] }],
    ...over,
  })

  it('none at first; added, listed with the name of who answers, removed; each in the ledger', async () => {
    const w = world()
    const ada = await w.api('ada')
    const { id } = await w.person('ada')
    const { id: fiona } = await w.person('fiona')
    assert.deepEqual((await ada.send('GET', '/admission-rules')).body, { rules: [] })
    const added = await ada.send('POST', '/admission-rules', rule())
    assert.equal(added.status, 200, added.text)
    const { created_at, ...shown } = added.body as unknown as Rule // as the schema says
    assert.ok(Date.parse(created_at) > 0)
    assert.deepEqual(shown, {
      ...{ name: 'this-computer', mode: 'dynamic', redirect_hosts: ['localhost'], trust: 2 },
      ...{ document_hosts: [], software_ids: [], key_change: 'ask' },
      ceiling: [{ ...rule().ceiling[0], bounds: [] }],
      ...{ may_delegate: null, owner: id, owner_name: 'Ada Admin', created_by: id },
    })
    const hosts = ['app.example', '*.apps.example:8443', 'app.example']
    const other = rule({ name: 'house', redirect_hosts: hosts, owner: fiona, trust: 3 })
    const second = await ada.send('POST', '/admission-rules', other)
    assert.deepEqual(second.body.redirect_hosts, hosts.slice(0, 2), 'each once')
    assert.equal(second.body.owner_name, 'Fiona Finance')
    const documents = { document_hosts: ['app.example'], redirect_hosts: undefined }
    const third = { ...documents, name: 'app', key_change: 'suspend' }
    const of = (await ada.send('POST', '/admission-rules', rule(third))).body
    assert.deepEqual(
      [of.mode, of.document_hosts, of.redirect_hosts, of.key_change],
      ['document', ['app.example'], [], 'suspend'],
    )
    const { rules } = (await ada.send('GET', '/admission-rules')).body as { rules: Rule[] } // as the schema says
    assert.deepEqual(
      rules.map(({ name }) => name),
      ['this-computer', 'house', 'app'],
    )
    for (const { name } of rules)
      assert.equal((await ada.send('DELETE', `/admission-rules/${name}`)).status, 200)
    assert.deepEqual((await ada.send('GET', '/admission-rules')).body, { rules: [] })
    const types = (await w.ledger()).map(({ type }) => type)
    assert.equal(types.filter((type) => type === 'admission.rule_added').length, 3)
    assert.equal(types.filter((type) => type === 'admission.rule_removed').length, 3)
  })

  it('what says nothing clear is refused, and nothing is added', async () => {
    const w = world()
    const ada = await w.api('ada')
    for (const [over, code] of [
      [{ redirect_hosts: ['*'] }, 'admission.bad_rule'],
      [{ redirect_hosts: ['https://app.example'] }, 'admission.bad_rule'],
      [{ redirect_hosts: ['localhost:1234'] }, 'admission.bad_rule'],
      [{ redirect_hosts: ['127.0.0.1'] }, 'admission.bad_rule'],
      [{ redirect_hosts: [] }, 'request.malformed'],
      [{ redirect_hosts: undefined }, 'admission.bad_rule'],
      [{ document_hosts: [] }, 'request.malformed'],
      [{ document_hosts: ['https://app.example'] }, 'admission.bad_rule'],
      [{ document_hosts: ['app.example'], software_ids: ['x'] }, 'admission.bad_rule'],
      [{ software_ids: ['two words'] }, 'admission.bad_rule'],
      [{ key_change: 'perhaps' }, 'request.malformed'],
      [
        { redirect_hosts: Array.from({ length: 33 }, (_, i) => `a${i}.example`) },
        'request.malformed',
      ],
      [{ name: 'This computer' }, 'request.malformed'],
      [{ trust: 4 }, 'request.malformed'],
      [{ trust: '2' }, 'request.malformed'],
      [{ trust: undefined }, 'request.malformed'],
      [{ ceiling: undefined }, 'request.malformed'],
      [{ mode: 'metadata' }, 'request.malformed'],
      [{ owner: 'psn_nobody' }, 'agent.bad_owner'],
      [{ ceiling: [{ ...rule().ceiling[0], actions: [] }] }, 'request.malformed'],
    ] as const)
      assertRefused(
        await ada.send('POST', '/admission-rules', rule(over)),
        code,
        JSON.stringify(over),
      )
    assertRefused(await ada.send('DELETE', '/admission-rules/nothing'), 'admission.unknown')
    assert.equal((await ada.send('POST', '/admission-rules', rule())).status, 200)
    assertRefused(
      await ada.send('POST', '/admission-rules', rule({ trust: 3 })),
      'admission.exists',
    )
    const { rules } = (await ada.send('GET', '/admission-rules')).body as { rules: Rule[] } // as the schema says
    assert.equal(rules.length, 1)
  })

  it('is for administrators, reading included', async () => {
    for (const name of ['sam', 'fiona', 'nils'] as const) {
      const api = await world().api(name)
      assertRefused(await api.send('GET', '/admission-rules'), 'api.not_permitted')
      const added = await api.send('POST', '/admission-rules', rule({ name: 'mine' }))
      assertRefused(added, 'api.not_permitted')
      const removed = await api.send('DELETE', '/admission-rules/this-computer')
      assertRefused(removed, 'api.not_permitted')
    }
  })
})
