import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { askInProcess } from '../../test/gateways/in-process.ts'
import { type Store, startStore, storeTask } from '../../test/gateways/store.ts'
import { approve } from '../../test/sdk/shops.ts'

describe('a check by a gateway of others', () => {
  let store: Store
  before(async () => {
    store = await startStore('sqlite', {}, { trusted: false })
  })
  after(() => store.world.stop())

  async function remover() {
    const { identifier, secret, world } = store
    const { task, token } = await storeTask(store)
    return async (isGone = () => false) => {
      const request = { method: 'DELETE', url: `${identifier}/things/a`, token }
      const proof = await world.agent.proof(task.key, request)
      const rawHeaders = ['Authorization', `DPoP ${token}`, 'DPoP', proof]
      const check = { method: 'DELETE', target: '/store/things/a', rawHeaders, isGone }
      return askInProcess(world, secret, check)
    }
  }

  it('that nobody waits for any more is not sent: its approval is given back', async () => {
    const remove = await remover()
    const asked = await remove()
    assert.ok('problem' in asked)
    const { page } = asked.problem.members.access_request as { page: string } // as the problem has it
    await approve(store.world, page)
    const late = await remove(() => true)
    assert.ok('problem' in late)
    assert.equal(late.problem.code, 'request.incomplete')
    const permitted = await remove()
    assert.ok('set' in permitted, 'the approval counts still')
    const again = await remove()
    assert.ok('problem' in again)
    assert.equal(again.problem.code, 'approval.executed')
  })

  it('gives an API outside of the trust domain no transaction token, and takes the caller’s away', async () => {
    const { identifier, secret, world } = store
    const { task, token } = await storeTask(store)
    const request = { method: 'GET', url: `${identifier}/things/a`, token }
    const rawHeaders = [
      ...['Authorization', `DPoP ${token}`],
      ...['DPoP', await world.agent.proof(task.key, request)],
      ...['Txn-Token', 'of-the-caller'],
    ]
    const check = { method: 'GET', target: '/store/things/a', rawHeaders }
    const answer = await askInProcess(world, secret, check)
    assert.ok('set' in answer)
    assert.deepEqual(Object.keys(answer.set), ['remit-decision'])
    assert.ok(answer.removed.includes('txn-token'))
  })
})
