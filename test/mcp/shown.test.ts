import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setShown } from '../../src/catalog/catalog-changes/index.ts'
import { setGroup } from '../../src/catalog/resource-groups/index.ts'
import { inOneWorld } from '../world.ts'
import { Place, rpcOf, wordsOf } from './place.ts'
import { serveNotes } from './scripted.ts'
import { Stateless } from './stateless.ts'

inOneWorld('lists that also show what can be asked for', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let place: Place
  const by = async () => (await world().person('ada')).id
  const show = async (shows: 'callable' | 'requestable') =>
    setShown(world().rooms.connections, { name: 'notes', shows, by: await by() })
  const little = () => world().open({ details: place.details(['notes.say', 'notes.erase']) })

  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  async function tools(at: Stateless): Promise<any[]> {
    return rpcOf(await at.request('tools/list')).result.tools
  }

  before(async () => {
    notes = await serveNotes()
    place = await Place.add(world(), {
      name: 'notes',
      url: notes.url,
      asks: ['erase', 'secret-door'],
      never: ['never'],
    })
    await show('requestable')
  })
  after(() => notes.close())

  it('mark what the task was not given, and what people are asked about; never what is forbidden', async () => {
    const listed = await tools(await Stateless.at(place, await little()))
    assert.deepEqual(
      listed.map(({ name, _meta }) => [name, _meta?.['remit/asks']]),
      [
        ['erase', 'approval'],
        ['say', undefined],
        ['secret_door', 'authorization'],
      ],
    )
    assert.match(listed[0].description, /^The tool erase\.\n\nFrom the gateway: people are asked/)
    assert.match(listed[2].description, /\n\nFrom the gateway: this task was not given it\./)
    assert.equal(listed[1].description, 'The tool say.')
  })

  it('are as they were where nobody asked for more', async () => {
    await show('callable')
    const client = await Stateless.at(place, await little())
    const listed = await tools(client)
    assert.deepEqual(
      listed.map(({ name, _meta }) => [name, _meta]),
      [
        ['erase', undefined],
        ['say', undefined],
      ],
    )
    assert.equal(rpcOf(await client.call('secret_door')).error?.code, -32602)
    await show('requestable')
  })

  it('a call of what was not given is refused, with how to ask, and is not sent', async () => {
    const before = notes.calls().length
    const client = await Stateless.at(place, await little())
    const { result } = rpcOf(await client.call('secret_door'))
    assert.equal(result.isError, true)
    assert.match(
      wordsOf(result),
      /^Not executed: this task was not given `notes\.secret-door`\..*scope/,
    )
    assert.deepEqual(result._meta['remit/request'], {
      resource: place.identifier,
      scope: 'notes.secret-door',
    })
    const { error } = rpcOf(
      await client.request('prompts/get', { name: 'greet', arguments: { who: 'S' } }),
    )
    assert.equal(error.data['remit/request'].scope, 'notes.prompt-greet')
    for (const name of ['never', 'nothing'])
      assert.equal(rpcOf(await client.call(name)).error?.code, -32602, 'in the same words')
    assert.equal(notes.calls().length, before)
  })

  it('addresses of resources are not shown: each is a whole call', async () => {
    const client = await Stateless.at(place, await little())
    assert.deepEqual(rpcOf(await client.request('resources/list')).result.resources, [])
  })

  it('a group shows it as its members do', async () => {
    const { gateway, rooms } = world()
    const office = { name: 'office', identifier: `${gateway}/office`, members: ['notes'] }
    await setGroup(rooms.connections, { ...office, by: await by() })
    const group = Place.at(world(), 'office')
    const client = await Stateless.at(group, await little())
    const door = (await tools(client)).find(({ name }) => name === 'notes__secret_door')
    assert.equal(door._meta['remit/asks'], 'authorization')
    const { result } = rpcOf(await client.call('notes__secret_door'))
    assert.equal(result._meta['remit/request'].resource, group.identifier)
  })
})
