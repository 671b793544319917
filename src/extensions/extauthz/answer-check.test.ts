import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { askInProcess } from '../../../test/gateways/in-process.ts'
import { type Store, startStore, storeTask } from '../../../test/gateways/store.ts'
import { approve } from '../../../test/sdk/shops.ts'

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

  it('reads a whole body as the operation takes it, and refuses what was not sent', async () => {
    const { identifier, secret, world } = store
    const { task, token } = await storeTask(store)
    const ask = async (path: string, type: string, body: string | undefined) => {
      const request = { method: 'POST', url: identifier + path, token }
      const rawHeaders = [
        ...['Authorization', `DPoP ${token}`],
        ...['DPoP', await world.agent.proof(task.key, request)],
        ...['Content-Type', type],
      ]
      const read = async () => Buffer.from(body ?? '')
      return askInProcess(world, secret, {
        ...{ method: 'POST', target: `/store${path}`, rawHeaders },
        body: body === undefined ? { kind: 'unseen' } : { kind: 'whole', isPending: false, read },
      })
    }
    const codeOf = (answer: Awaited<ReturnType<typeof ask>>) =>
      'problem' in answer ? answer.problem.code : 'permitted'
    const form = 'application/x-www-form-urlencoded'
    const multipart = 'multipart/form-data; boundary=b'
    const file =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nPNG\r\n--b--\r\n'
    for (const [path, type, body, code] of [
      ['/forms', form, 'name=a&tags=x&tags=y', 'permitted'],
      ['/forms', form, 'name=a&other=b', 'arguments.unknown'],
      ['/forms', 'application/json', '{"name":"a"}', 'request.unsupported_media_type'],
      ['/forms', form, undefined, 'arguments.unseen'],
      ['/files', multipart, file, 'permitted'],
      ['/files', multipart, file.replaceAll('\r\n', '\n'), 'input.malformed'],
      ['/files', multipart, undefined, 'arguments.unseen'],
      ['/bytes', 'image/png', 'PNG', 'permitted'],
      ['/bytes', 'text/html', '<a>', 'request.unsupported_media_type'],
      ['/bytes', 'image/png', undefined, 'arguments.unseen'],
    ] as const)
      assert.equal(codeOf(await ask(path, type, body)), code, `${path} ${type} ${body}`)
  })
})
