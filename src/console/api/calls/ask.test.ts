import assert from 'node:assert/strict'
import { it } from 'node:test'
import { allOf, type KnownShop, letIn, shopDirect } from '../../../../test/sdk/shops.ts'
import { inEachWorld, type World } from '../../../../test/world.ts'
import { listClients, type MachineClient } from '../../../identity/machine-clients/index.ts'
import { type Limit, setLimit, showLimits } from '../../../tasks/budgets/index.ts'
import type { ApiParts } from '../parts.ts'
import { askAboutCall } from './ask.ts'
import { reportOutcome } from './report-outcome.ts'

const nobody = () => assert.fail('nobody asks for that')

function partsOf({ rooms }: World): ApiParts {
  return { ...rooms, development: true, ...{ describeMcp: nobody, fetchJson: nobody } }
}

async function enforcerOf(
  { rooms }: World,
  { name }: KnownShop,
): Promise<MachineClient<'enforcer'>> {
  const [enforcer] = await listClients(rooms.storage.read, { target: name, limit: 1 })
  assert.ok(enforcer?.kind === 'enforcer')
  return enforcer
}

inEachWorld('the last look before a permit is answered', (world) => {
  it('takes back what no longer stands: nothing runs, and that is on record', async () => {
    const w = world()
    const shop = await shopDirect(w, 'web')
    await letIn(w, [shop])
    const enforcer = await enforcerOf(w, shop)
    const task = await w.open({ details: [allOf(shop)] })
    const token = await w.agent.token(task, shop.identifier)
    const url = `${shop.identifier}/items`
    const ask = async (decisions: ApiParts['decisions']) => {
      const proofs = [await w.agent.proof(task.key, { method: 'GET', url, token })]
      const asked = { scheme: 'DPoP', token, proofs, method: 'GET', url } as const
      return askAboutCall({ ...partsOf(w), decisions }, enforcer, asked)
    }
    const permit = await ask(w.rooms.decisions)
    assert.ok(permit.decision)
    assert.equal(permit.valid_for_ms, 5_000, 'no longer than a replica that is cut off goes on')

    // Something ended between the reservation and the answer.
    const { live } = w.rooms.decisions
    const ended = new Proxy(live, {
      get(target, name) {
        if (name === 'holds') return () => false
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const refused = await ask({ ...w.rooms.decisions, live: ended })
    assert.ok(!refused.decision)
    assert.equal(refused.problem.code, 'call.no_longer_live')
    const id = refused.headers['remit-decision']
    const { body } = await (await w.api('ada')).send('GET', `/decisions/${id}`)
    assert.equal(body.state, 'not_sent')
  })
})

inEachWorld('an enforcement point of an API that went behind the gateway', (world) => {
  it('asks nothing any more', async () => {
    const w = world()
    const shop = await shopDirect(w, 'web')
    const enforcer = await enforcerOf(w, shop)
    const asked = { method: 'GET', url: `${shop.identifier}/items` }
    const before = await askAboutCall(partsOf(w), enforcer, asked)
    assert.ok(!before.decision && before.status === 401)
    for (const [resource, code] of [
      ['orders', 'client.not_direct'],
      ['nothing', 'resource.unknown'],
    ] as const) {
      const other = { ...enforcer, settings: { resource } }
      await assert.rejects(askAboutCall(partsOf(w), other, asked), { code })
    }
  })
})

inEachWorld('a limit on what the answers of a direct API say', (world) => {
  it('is settled by what the API reports, and by nothing else', async () => {
    const w = world()
    const shop = await shopDirect(w, 'web')
    await letIn(w, [shop])
    const enforcer = await enforcerOf(w, shop)
    const task = await w.open({ details: [allOf(shop)] })
    const token = await w.agent.token(task, shop.identifier)
    const url = `${shop.identifier}/items`
    const parts = partsOf(w)
    const ask = async () => {
      const proofs = [await w.agent.proof(task.key, { method: 'GET', url, token })]
      return askAboutCall(parts, enforcer, { scheme: 'DPoP', token, proofs, method: 'GET', url })
    }
    const plain = await ask()
    assert.ok(plain.decision)
    assert.deepEqual(plain.settles, [])
    const { action } = plain
    const subject = { kind: 'agent', id: 'refund-bot' } as const
    const limit: Limit = {
      ...{ name: `charged by ${action}/cost`, action, path: '/cost' },
      ...{ kind: 'charged', most: '10.00', reserve: '2.00' },
    }
    await setLimit(w.rooms.decisions, { subject, eachTask: false, limit, by: 'operator' })
    const used = async () => {
      const [shown] = await showLimits(w.rooms.decisions, { subject, most: 5 })
      return shown?.use?.used
    }
    const part = { limit: 'charged', path: '/cost' } as const
    const ends: [Parameters<typeof reportOutcome>[2]['outcome'], string][] = [
      [{ state: 'answered', amounts: [{ ...part, amount: '0.25' }] }, '0.25'],
      [{ state: 'answered' }, '2.25'],
      [{ state: 'answered', amounts: [{ ...part, path: '/else', amount: '0' }] }, '4.25'],
      [{ state: 'failed', amounts: [{ ...part, amount: '0' }] }, '6.25'],
      [{ state: 'not_sent' }, '6.25'],
      [{ state: 'answered', amounts: [{ ...part, amount: '7.5' }] }, '13.75'],
    ]
    for (const [outcome, right] of ends) {
      const permit = await ask()
      assert.ok(permit.decision)
      assert.deepEqual(permit.settles, [part])
      const { decision_id: id } = permit
      await reportOutcome(parts, enforcer, { id, outcome })
      assert.equal(await used(), right, JSON.stringify(outcome))
    }
    const refused = await ask()
    assert.ok(!refused.decision && refused.problem.code === 'limit.used_up')
  })
})
