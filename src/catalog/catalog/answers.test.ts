import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { reach } from '../argument-types/answers/shape.ts'
import { applyImport } from '../catalog-changes/import/apply-import.ts'
import { planServer, tool } from '../catalog-changes/mcp/testing.ts'
import { removeResource } from '../catalog-changes/suspend-resource.ts'
import { Answers } from './answers.ts'
import { catalogParts, planOrders } from './testing.ts'

const by = 'operator'

forEachEngine('what answers of a catalog can look like', (open) => {
  async function begin(t: TestContext) {
    const parts = await catalogParts(await open())
    t.after(() => parts.live.stop())
    const has = async (action: string, path: string) => {
      const shape = await new Answers(parts.storage.read).of(action)
      return shape && reach(shape, path).there
    }
    return { parts, has }
  }

  it('comes with an import, goes with the API, and changes with its document', async (t) => {
    const { has, parts } = await begin(t)
    const plan = planOrders()
    await applyImport(parts, plan, by)
    assert.equal(await has('orders.read', '/customer/name'), true)
    assert.equal(await has('orders.read', '/customer/nome'), false)
    assert.equal(await has('orders.watch', '/anything'), undefined, 'a stream is not described')
    assert.equal(await has('orders.nothing', '/a'), undefined)
    assert.equal(await has('nothing.read', '/a'), undefined)
    const other = planOrders((text) =>
      text.replaceAll('name: { type: string }', 'nome: { type: string }'),
    )
    assert.deepEqual(
      other.actions.map(({ digest }) => digest),
      plan.actions.map(({ digest }) => digest),
      'answers are no part of what an action is',
    )
    const { changed } = await applyImport(parts, other, by)
    assert.deepEqual(changed, [])
    assert.equal(await has('orders.read', '/customer/name'), false)
    assert.equal(await has('orders.read', '/customer/nome'), true)
    await removeResource(parts, { name: 'orders', by, reason: 'test' })
    assert.equal(await has('orders.read', '/customer/nome'), undefined)
  })

  it('is added to a catalog that was imported before anyone looked at answers', async (t) => {
    const { has, parts } = await begin(t)
    await applyImport(parts, planOrders(), by)
    await parts.storage.transaction((tx) => tx.deleteFrom('resource_answers').execute())
    assert.equal(await has('orders.read', '/id'), undefined)
    const events = parts.events.length
    const { unchanged } = await applyImport(parts, planOrders(), by)
    assert.ok(unchanged)
    assert.equal(parts.events.length, events)
    assert.equal(await has('orders.read', '/id'), true)
    assert.equal(await has('orders.read', '/idd'), false)
  })

  it('of a tool is what was reviewed of it', async (t) => {
    const { has, parts } = await begin(t)
    const outputSchema = { type: 'object', properties: { email: { type: 'string' } } }
    const tools = [tool('find', {}, { outputSchema }), tool('ask')]
    await applyImport(parts, planServer({ tools, prompts: [{ name: 'greet' }] }), by)
    assert.equal(await has('desk.find', '/email'), true)
    assert.equal(await has('desk.find', '/mail'), false)
    assert.equal(await has('desk.ask', '/email'), undefined)
    assert.equal(await has('desk.prompt-greet', '/email'), undefined)
  })
})
