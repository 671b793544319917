import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import {
  acceptRisks,
  setRisk,
  setSentence,
  templateDigest,
} from '../catalog-changes/change-action.ts'
import { applyImport } from '../catalog-changes/import/apply-import.ts'
import {
  removeResource,
  resumeResource,
  setConnection,
  suspendResource,
} from '../catalog-changes/suspend-resource.ts'
import { actionsOfRequests, detailsForScope, expandGroups } from './authority.ts'
import { Catalog, catalogView } from './catalog.ts'
import { selectActions, selectResource, selectResources } from './catalog-store.ts'
import { RULES } from './change-catalog.ts'
import type { Resource } from './resource.ts'
import { asPlanned, catalogParts, ORDERS_OPTIONS, planOperation, planOrders } from './testing.ts'

const BY = 'psn_admin'
const RESOURCE = { kind: 'resource', id: 'orders' } as const

function problem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code
}

forEachEngine('the catalog', (open) => {
  it('takes an import with row, record and epoch, and reads it back as it was planned', async () => {
    const parts = await catalogParts(await open())
    const plan = planOrders()
    const imported = await applyImport(parts, plan, BY)
    assert.equal(imported.unchanged, false)
    assert.equal(imported.added.length, 5)
    const stored = await selectActions(parts.storage.read, 'orders')
    assert.deepEqual(asPlanned(stored), asPlanned(plan.actions))
    assert.deepEqual(stored[0]?.accepted, { at: parts.clock.now(), by: BY })
    const resource = await selectResource(parts.storage.read, 'orders')
    assert.equal(resource?.status, 'active')
    assert.equal(resource.upstream, 'http://127.0.0.1:7483')
    const view = await parts.live.view([RESOURCE, RULES])
    assert.deepEqual(view.dead, [])
    assert.deepEqual(
      parts.events.map(({ type, resource, by }) => [type, resource, by]),
      [['resource.imported', 'orders', BY]],
    )
  })

  it('does nothing for an import that changes nothing', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    const before = await parts.live.view([RESOURCE, RULES])
    const again = await applyImport(parts, planOrders(), BY)
    assert.equal(again.unchanged, true)
    assert.ok(parts.live.holds(before))
    assert.equal(parts.events.length, 1)
  })

  it('ends what was decided by the older definition when an import changes it by an administrator’s word', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    const before = await parts.live.view([RESOURCE, RULES])
    const imported = await applyImport(
      parts,
      planOrders((text) => text.replace('maxLength: 200', 'maxLength: 100')),
      BY,
      { accept: true },
    )
    assert.deepEqual(imported.changed, ['orders.refund'])
    assert.ok(!parts.live.holds(before))
    assert.notEqual((await parts.live.view([RESOURCE])).hash, before.hash)
  })

  it('keeps what an administrator has said over what a document proposes', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    await setRisk(parts, { action: 'orders.refund', risk: 'critical', by: BY })
    const sentence = 'Give back {amount} for {order_id}'
    await setSentence(parts, { action: 'orders.refund', sentence, by: BY })
    const { notes } = await applyImport(
      parts,
      planOrders((text) =>
        text
          .replace('x-remit-risk: high', 'x-remit-risk: low')
          .replace('description: For the', 'description: Of the'),
      ),
      BY,
    )
    const action = (await selectActions(parts.storage.read)).find(
      ({ name }) => name === 'orders.refund',
    )
    assert.equal(action?.risk, 'critical')
    assert.equal(action.riskProposed, false)
    assert.equal(action.sentence, sentence)
    assert.match(notes.join(), /keeps its sentence/)
    const gone = planOrders((text) =>
      text
        .replaceAll('amount:', 'sum:')
        .replaceAll('[amount]', '[sum]')
        .replaceAll('{amount}', '{sum}'),
    )
    const other = await applyImport(parts, gone, BY, { accept: true })
    assert.match(other.notes.join(), /no longer fits/)
  })

  it('accepts classes as they were looked at, all of them or none', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    const proposed = (await selectActions(parts.storage.read)).map(({ name, risk }) => ({
      action: name,
      risk,
    }))
    const left = async () =>
      (await selectActions(parts.storage.read)).filter(({ riskProposed }) => riskProposed).length
    const accepting = (risks: readonly { action: string; risk: string }[], resource = 'orders') =>
      acceptRisks(parts, { resource, risks, by: BY })
    const [first, ...others] = proposed
    assert.ok(first)
    for (const risks of [
      [...others, { ...first, risk: 'critical' }],
      [...proposed, { action: 'orders.gone', risk: 'low' }],
    ])
      await assert.rejects(accepting(risks), Problem)
    await assert.rejects(accepting(proposed, 'other'), problem('catalog.unknown_action'))
    assert.equal(await left(), proposed.length)
    // What somebody set meanwhile stays.
    await setRisk(parts, { action: first.action, risk: 'critical', by: BY })
    await assert.rejects(accepting(proposed), problem('catalog.changed'))
    await accepting(others)
    assert.equal(await left(), 0)
    const after = (await selectActions(parts.storage.read)).map(({ name, risk }) => [name, risk])
    assert.deepEqual(after, [
      [first.action, 'critical'],
      ...others.map(({ action, risk }) => [action, risk]),
    ])
    assert.equal(
      parts.events.filter(({ type }) => type === 'action.risk_set').length,
      proposed.length,
    )
  })

  it('asks whether the active policies hold before it changes anything', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    const asked: string[][] = []
    const strict = {
      ...parts,
      revalidate: async (actions: readonly { name: string; risk: string }[]) => {
        asked.push(actions.map(({ name, risk }) => `${name} ${risk}`))
        throw new Problem('policy.would_break', 'no')
      },
    }
    const broken = problem('policy.would_break')
    await assert.rejects(removeResource(strict, { name: 'orders', by: BY, reason: 'x' }), broken)
    await assert.rejects(setRisk(strict, { action: 'orders.read', risk: 'high', by: BY }), broken)
    await assert.rejects(applyImport(strict, planOperation({}), BY), broken)
    assert.deepEqual(asked[0], [])
    assert.ok(asked[1]?.includes('orders.read high'))
    assert.equal(asked[2]?.length, 6)
    assert.equal((await selectActions(parts.storage.read)).length, 5)
    assert.equal(parts.events.length, 1)
  })

  it('writes nothing when the rules changed during the check', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    const raced = {
      ...parts,
      revalidate: async () => {
        await setSentence(parts, {
          action: 'orders.read',
          sentence: 'See {order_id}',
          by: 'psn_other',
        })
      },
    }
    await assert.rejects(
      setRisk(raced, { action: 'orders.refund', risk: 'low', by: BY }),
      problem('catalog.changed'),
    )
    const action = (await selectActions(parts.storage.read)).find(
      ({ name }) => name === 'orders.refund',
    )
    assert.equal(action?.risk, 'high')
  })

  it('changes nothing that cannot be recorded', async () => {
    const parts = await catalogParts(await open())
    const silent = {
      ...parts,
      ledger: {
        append: async () => {
          throw new Error('the ledger cannot be written')
        },
      },
    }
    await assert.rejects(applyImport(silent, planOrders(), BY), /ledger/)
    assert.deepEqual(await selectResources(parts.storage.read), [])
    assert.equal((await parts.live.view([RESOURCE])).states[0]?.state, 'ended')
    await applyImport(parts, planOrders(), BY)
    const change = { name: 'orders', by: BY, reason: 'x' }
    await assert.rejects(suspendResource(silent, change), /ledger/)
    assert.equal((await selectResource(parts.storage.read, 'orders'))?.status, 'active')
    assert.deepEqual((await parts.live.view([RESOURCE])).dead, [])
  })

  it('suspends, resumes and removes for good', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    const change = { name: 'orders', by: BY, reason: 'maintenance' }
    const before = await parts.live.view([RESOURCE])
    await suspendResource(parts, change)
    assert.ok(!parts.live.holds(before))
    assert.equal((await parts.live.view([RESOURCE])).dead[0]?.state, 'suspended')
    await suspendResource(parts, change)
    await applyImport(
      parts,
      planOrders((text) => text.replace('maxLength: 200', 'maxLength: 100')),
      BY,
    )
    assert.equal(
      (await parts.live.view([RESOURCE])).dead[0]?.state,
      'suspended',
      'an import resumes nothing',
    )
    await resumeResource(parts, change)
    assert.deepEqual((await parts.live.view([RESOURCE])).dead, [])
    assert.ok(!parts.live.holds(before), 'what was before the suspension stays dead')
    await removeResource(parts, change)
    assert.equal((await parts.live.view([RESOURCE])).dead[0]?.state, 'ended')
    assert.deepEqual(await selectActions(parts.storage.read), [])
    assert.deepEqual(await selectResources(parts.storage.read), [])
    await assert.rejects(applyImport(parts, planOrders(), BY), problem('catalog.exists'))
    await assert.rejects(resumeResource(parts, change), problem('catalog.unknown_resource'))
    assert.deepEqual(
      parts.events.map(({ type }) => type),
      [
        'resource.imported',
        'resource.suspended',
        'resource.updated',
        'resource.resumed',
        'resource.removed',
      ],
    )
  })

  it('gives a name and an identifier to one resource only', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    const plan = planOrders()
    const renamed = { ...plan, resource: { ...plan.resource, name: 'orders2' } }
    await assert.rejects(applyImport(parts, renamed, BY), problem('catalog.exists'))
    const moved = { ...plan, resource: { ...plan.resource, identifier: 'http://gw/other' } }
    await assert.rejects(applyImport(parts, moved, BY), problem('catalog.exists'))
  })

  it('refuses settings that mean nothing', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), BY)
    await assert.rejects(
      setRisk(parts, { action: 'orders.x', risk: 'low', by: BY }),
      problem('catalog.unknown_action'),
    )
    await assert.rejects(
      setRisk(parts, { action: 'orders.read', risk: 'none', by: BY }),
      problem('catalog.bad_risk'),
    )
    await assert.rejects(
      setSentence(parts, { action: 'orders.read', sentence: '{amount}', by: BY }),
      problem('catalog.bad_sentence'),
    )
    await assert.rejects(
      setConnection(parts, { name: 'nothing', connection: undefined, by: BY }),
      problem('catalog.unknown_resource'),
    )
  })

  it('is read anew by whoever asks after a change has returned', async () => {
    const parts = await catalogParts(await open())
    const catalog = new Catalog(parts)
    assert.equal((await catalog.current()).resources.size, 0)
    await applyImport(parts, planOrders(), BY)
    const view = await catalog.current()
    assert.equal(view.actionsOf('orders').length, 5)
    assert.equal(await catalog.current(), view, 'nothing is read again without a change')
    assert.equal((await catalog.current()).actionsOf('orders'), view.actionsOf('orders'))
    await setRisk(parts, { action: 'orders.read', risk: 'high', by: BY })
    assert.equal((await catalog.current()).actions.get('orders.read')?.risk, 'high')
    await setConnection(parts, { name: 'orders', connection: 'shop', by: BY })
    assert.equal((await catalog.current()).resources.get('orders')?.connection, 'shop')
  })
})

describe('a catalog view', () => {
  const { actions } = planOrders()
  const resource: Resource = {
    ...planOrders().resource,
    status: 'active',
    createdAt: 0,
    updatedAt: 0,
  }
  const view = catalogView([resource], actions)
  const at = ORDERS_OPTIONS.identifier

  it('knows the kind of an argument at its own resource only', () => {
    assert.equal(view.kindOf(at, 'orders.refund', '/amount'), 'decimal')
    assert.equal(view.kindOf(at, 'orders.refund', '/order_id'), 'string')
    assert.equal(view.kindOf(at, 'orders.list', '/placed_after'), 'datetime')
    assert.equal(view.kindOf(`${at}/`, 'orders.refund', '/amount'), undefined)
    for (const path of ['', '/', 'amount', '/amount/x', '/note2', '/__proto__', '/constructor']) {
      assert.equal(view.kindOf(at, 'orders.refund', path), undefined, path)
    }
    assert.equal(view.kindOf(at, 'orders.nothing', '/amount'), undefined)
  })

  it('answers what is called at an address: of a resource, of a group, and of none', () => {
    const other: Resource = { ...resource, name: 'desk', identifier: 'https://desk.example' }
    const group: Resource = {
      ...{ ...resource, name: 'all', identifier: 'https://all.example' },
      members: ['orders', 'removed', 'desk'],
    }
    const grouped = catalogView([group, other, resource], actions)
    assert.deepEqual(grouped.at(at), { resources: [resource], locations: [at], actions })
    assert.deepEqual(grouped.at(group.identifier), {
      resources: [resource, other],
      locations: [at, other.identifier],
      actions,
    })
    const none = 'https://none.example'
    assert.deepEqual(grouped.at(none), { resources: [], locations: [none], actions: [] })
  })

  it('reads scopes as actions, and refuses those it does not know', () => {
    const found = detailsForScope(view, 'orders.read orders.refund')
    assert.ok(found.ok)
    assert.deepEqual(found.details[0], {
      type: 'remit_call',
      locations: [at],
      actions: ['orders.read'],
      bounds: [],
    })
    const once = detailsForScope(view, ' orders.read  orders.read ', at)
    assert.deepEqual(once.ok && once.details.map((each) => each.actions), [['orders.read']])
    const gone = catalogView([], actions)
    assert.deepEqual(detailsForScope(gone, 'orders.read'), { ok: false, unknown: 'orders.read' })
    assert.deepEqual(detailsForScope(view, 'orders.read openid'), { ok: false, unknown: 'openid' })
    assert.deepEqual(detailsForScope(view, 'orders.read', 'http://gw/other'), {
      ok: false,
      unknown: 'orders.read',
    })
  })

  it('expands groups to the actions that are in them now, at the locations named', () => {
    const detail = { type: 'remit_call', locations: [at], bounds: [] } as const
    const [read] = expandGroups(view, [{ ...detail, actions: ['read', 'orders.refund'] }])
    assert.deepEqual(read?.actions, [
      'orders.list',
      'orders.read',
      'orders.list-refunds',
      'orders.watch',
      'orders.refund',
    ])
    assert.deepEqual(expandGroups(view, [{ ...detail, actions: ['risk:critical'] }]), [])
    const [unknown] = expandGroups(view, [{ ...detail, actions: ['orders.nothing'] }])
    assert.deepEqual(
      unknown?.actions,
      ['orders.nothing'],
      'kept, so that it can be refused by name',
    )
    assert.deepEqual(
      expandGroups(view, [{ ...detail, locations: ['http://gw/x'], actions: ['read'] }]),
      [],
    )
  })

  it('finds the actions that requests call, at the locations named, and says which request calls none', () => {
    const detail = { type: 'remit_call', locations: [at], bounds: [] } as const
    const found = (...actions: string[]) => {
      const read = actionsOfRequests(view, [{ ...detail, actions }])
      return read.ok ? read.details.flatMap((each) => each.actions) : `not ${read.unknown}`
    }
    assert.deepEqual(found('GET:/orders/1042', 'orders.list', 'read'), [
      'orders.read',
      'orders.list',
      'read',
    ])
    assert.deepEqual(found('POST:/orders/1%2042/refunds'), ['orders.refund'])
    // Names that only look like a request are names, which are refused as such.
    for (const name of ['xGET:/orders/1042', 'GET:/orders/1042?a=b', 'GET:/orders/1042 ', 'GET:x'])
      assert.deepEqual(found(name), [name])
    for (const none of ['DELETE:/orders/1042', 'GET:/', 'GET:/orders/%zz', 'GET:/nowhere'])
      assert.equal(found(none), `not ${none}`)
    for (const other of [
      catalogView([], actions),
      catalogView([{ ...resource, protocol: 'mcp' }], actions),
    ])
      assert.deepEqual(actionsOfRequests(other, [{ ...detail, actions: ['GET:/orders/1042'] }]), {
        ok: false,
        unknown: 'GET:/orders/1042',
      })
  })

  it('names a wording by its digest', () => {
    const [action] = actions
    assert.ok(action)
    assert.notEqual(templateDigest(action), templateDigest({ ...action, sentence: 'Other' }))
  })
})
