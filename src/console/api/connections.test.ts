import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../../test/refusals.ts'
import { inEachWorld } from '../../../test/world.ts'

inEachWorld('connections over the management API', (world) => {
  it('say when they expire: as somebody says, as the credential says, or not at all', async () => {
    const w = world()
    const ada = await w.api('ada')
    const now = w.clock.now()
    const at = (days: number) => new Date(now + days * 86_400_000).toISOString()
    const send = async (method: string, path: string, body: object) => {
      const answer = await ada.send(method, path, body)
      assert.equal(answer.status, 200, answer.text)
      assert.doesNotMatch(answer.text, /canary|eyJ/)
      return answer.body
    }
    const listed = async () => {
      const { body } = await ada.send('GET', '/connections')
      const { connections } = body as { connections: Record<string, unknown>[] } // as the schema says
      return connections.find(({ name }) => name === 'dated-key')
    }
    const add = { name: 'dated-key', kind: 'bearer', secret: 'canary-one' }
    const added = await send('POST', '/connections', { ...add, expires_at: at(90) })
    const { created_at } = added
    const shape = { name: 'dated-key', kind: 'bearer', header: 'authorization', created_at }
    assert.deepEqual(added, { ...shape, replaced_at: null, expires_at: at(90) })
    assert.deepEqual(await listed(), added)

    const path = '/connections/dated-key'
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const exp = Math.floor(now / 1_000) + 3_600
    const secret = `${part({ alg: 'ES256' })}.${part({ exp, sub: 'canary' })}.c2lnbmF0dXJl`
    const replaced = await send('PUT', `${path}/credential`, { secret })
    const { replaced_at } = replaced
    assert.ok(Date.parse(String(replaced_at)) >= Date.parse(String(created_at)))
    const expires_at = new Date(exp * 1_000).toISOString()
    assert.deepEqual(replaced, { ...shape, replaced_at, expires_at })
    const unknown = await send('PUT', `${path}/expiry`, { expires_at: null })
    assert.deepEqual(unknown, { ...replaced, expires_at: null })
    const told = await send('PUT', `${path}/expiry`, { expires_at: at(1) })
    assert.deepEqual(await listed(), told)

    for (const body of [{ expires_at: at(0) }, { expires_at: at(-1) }])
      assertRefused(await ada.send('PUT', `${path}/expiry`, body), 'connection.bad')
    for (const body of [{ expires_at: 'soon' }, { expires_at: '2027-01-01' }, {}])
      assertRefused(await ada.send('PUT', `${path}/expiry`, body), 'request.malformed')
    const elsewhere = await ada.send('PUT', '/connections/nothing/expiry', { expires_at: null })
    assertRefused(elsewhere, 'connection.unknown')
    const recorded = (await w.ledger()).filter(({ type }) => `${type}`.startsWith('connection.'))
    assert.deepEqual(
      recorded.slice(-4).map(({ type }) => type),
      ['connection.added', 'connection.replaced', 'connection.expiry_set', 'connection.expiry_set'],
    )
  })
})
